/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hints: their texts, and that each is said once.
 * links: capture/hints.c base/printable.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/hints.h"

static const struct worker_marker markers[] = {
	{.text = "profile=1", .is_query = true},
	{.text = "token=s3cret", .is_query = true, .secret = true},
};
static const struct worker_options options = {.markers = markers, .n_markers = ARRAY_LEN(markers)};

static int make(void **state)
{
	static struct hints h;

	hints_init(&h, &options);
	*state = &h;
	return 0;
}

static struct rp_near near(uint32_t marker, const char *value)
{
	struct rp_near e = {.marker = marker, .len = strlen(value)};

	memcpy(e.value, value, e.len);
	return e;
}

static void near_value(void **state)
{
	struct rp_near e = near(0, "true\n");
	_cleanup_free_ char *first = hint_near(*state, &e), *again = hint_near(*state, &e);

	assert_string_equal(first, "seen profile=true\\x0a: the marker is profile=1");
	assert_null(again);
}

static void near_secret(void **state)
{
	struct rp_near e = near(1, "wrong");
	_cleanup_free_ char *hint = hint_near(*state, &e);

	assert_string_equal(hint, "seen token=…: not the marker's value");
}

static void near_nonsense(void **state)
{
	struct rp_near e = near(7, "x");

	assert_null(hint_near(*state, &e));
	e.marker = 0;
	e.len = 0xffffffff;
	_cleanup_free_ char *hint = hint_near(*state, &e);
	assert_non_null(hint);
	assert_true(strlen(hint) < 200);
}

static char *no_request(struct hints *h, uint64_t received, uint64_t tls, uint64_t requests, uint64_t ns)
{
	uint64_t values[RP_COUNTER_ROWS * RP_COUNTER_ROW] = {[RP_COUNT_received] = received, [RP_COUNT_tls] = tls, [RP_COUNT_requests] = requests};

	return hint_no_request(h, &(struct counters){.values = values}, ns);
}

static void nothing_received(void **state)
{
	assert_null(no_request(*state, 0, 0, 0, HINT_NO_REQUEST_NS - 1));
	_cleanup_free_ char *hint = no_request(*state, 0, 0, 0, HINT_NO_REQUEST_NS);
	assert_non_null(strstr(hint, "nothing was received"));
	assert_null(no_request(*state, 0, 0, 0, 2 * HINT_NO_REQUEST_NS));
}

static void tls_received(void **state)
{
	_cleanup_free_ char *hint = no_request(*state, 9, 3, 0, HINT_NO_REQUEST_NS);

	assert_non_null(strstr(hint, "3 connections speak TLS"));
	assert_null(strstr(hint, "HTTP/2"));
}

static void other_bytes_received(void **state)
{
	_cleanup_free_ char *hint = no_request(*state, 9, 0, 0, HINT_NO_REQUEST_NS);

	assert_non_null(strstr(hint, "9 reads"));
}

static void requests_came(void **state)
{
	assert_null(no_request(*state, 9, 0, 1, HINT_NO_REQUEST_NS));
}

static char *refused(struct hints *h, const char *marker, const char *target, int status)
{
	return hint_refused_by_app(h, &(struct request){.marker = marker, .target = target, .status = status});
}

static void refused_by_app(void **state)
{
	assert_null(refused(*state, "profile=1", "/orders?profile=1", 200));
	assert_null(refused(*state, "profile=1", "/orders?profile=1", 500));
	assert_null(refused(*state, "path:/orders*", "/orders", 404));
	_cleanup_free_ char *hint = refused(*state, "profile=1", "/orders?profile=1", 422);
	assert_string_equal(hint, "the app refused it (422); if because of the extra parameter: -m 'path:/orders*'");
	assert_null(refused(*state, "profile=1", "/orders?profile=1", 422));
}

/* What is pasted into a shell holds no quote, and nothing that a pattern would take for itself. */
static void refused_by_app_quoting(void **state)
{
	_cleanup_free_ char *hint = refused(*state, "token=…", "/a'$(reboot)*/x?token=…", 404);

	assert_string_equal(hint, "the app refused it (404); if because of the extra parameter: -m 'path:/a*'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(near_value, make), cmocka_unit_test_setup(near_secret, make),
		cmocka_unit_test_setup(near_nonsense, make), cmocka_unit_test_setup(nothing_received, make),
		cmocka_unit_test_setup(tls_received, make), cmocka_unit_test_setup(other_bytes_received, make),
		cmocka_unit_test_setup(requests_came, make), cmocka_unit_test_setup(refused_by_app, make),
		cmocka_unit_test_setup(refused_by_app_quoting, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
