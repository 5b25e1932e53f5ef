/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Redaction of request targets.
 * links: capture/redact.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/redact.h"

static const struct worker_marker profile_1[] = {{.text = "profile=1", .is_query = true}};
static const struct worker_marker secret[] = {
	{.text = "path:/a=b", .is_query = false},
	{.text = "token=s3cret", .secret = true, .is_query = true},
};

struct row {
	const char *target, *redacted;
};

static void check(const struct row *rows, size_t n, const struct worker_marker *markers, size_t n_markers, bool keep)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *got = redact_target(rows[i].target, strlen(rows[i].target), markers, n_markers, keep);

		assert_string_equal(got, rows[i].redacted);
	}
}

static void values(void **state)
{
	static const struct row rows[] = {
		{"/", "/"},
		{"", ""},
		{"/orders?id=42&profile=1", "/orders?id=…&profile=1"},
		{"/orders?profile=1&id=42", "/orders?profile=1&id=…"},
		{"/orders?profile=10", "/orders?profile=…"},
		{"/orders?Profile=1", "/orders?Profile=…"},
		{"/orders?xprofile=1", "/orders?xprofile=…"},
		{"/a?b=1?c=2", "/a?b=…"},
		{"/a?b=1=2", "/a?b=…"},
		{"/a?flag", "/a?flag"},
		{"/a?flag&&x=", "/a?flag&&x="},
		{"/a?", "/a?"},
		{"/a?=v", "/a?=…"},
		{"/a?b=1;c=2", "/a?b=…"},
		{"/a?b%3D1", "/a?b%3D…"},
		{"/a?b%3d1&c=2", "/a?b%3d…&c=…"},
		{"/a%3Fb=1", "/a%3Fb=1"},
		{"/a=1/b=2?c=3", "/a=1/b=2?c=…"},
		{"/a#token=1", "/a#…"},
		{"/a#", "/a#"},
		{"/a?b=1#c?d=2", "/a?b=…#…"},
		{"/a#x?profile=1", "/a#…"},
		{"*", "*"},
		{"http://host/a?b=1", "http://host/a?b=…"},
		{"http://u:p@host/a?b=1", "http://…@host/a?b=…"},
		{"http://u:p@ss@host", "http://…@host"},
		{"/x://u:p@host/", "/x://u:p@host/"},
		{"/a?=1&=2&=3&=4&=5&=6", "/a?=…&=…&=…&=…&=…&=…"},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows), profile_1, ARRAY_LEN(profile_1), false);
}

static void keep_url(void **state)
{
	static const struct row rows[] = {
		{"/orders?id=42&profile=1#frag", "/orders?id=42&profile=1#frag"},
		{"/a?token=s3cret&id=42", "/a?token=…&id=42"},
		{"/a?token=other", "/a?token=other"},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows), secret, ARRAY_LEN(secret), true);
}

static void secret_marker(void **state)
{
	static const struct row rows[] = {
		{"/a?token=s3cret", "/a?token=…"},
		{"/a?token=s3cret&token=s3cret", "/a?token=…&token=…"},
		{"/a?token=s3cre", "/a?token=…"},
		{"/a?profile=1", "/a?profile=…"},
		{"/a?path:/a=b", "/a?path:/a=…"},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows), secret, ARRAY_LEN(secret), false);
}

/* The bytes need no NUL at their end and may hold any. */
static void raw_bytes(void **state)
{
	static const char bytes[] = {'/', '?', 'a', '=', (char)0xff, 'z'};
	_cleanup_free_ char *got = redact_target(bytes, 5, profile_1, 1, false);

	(void)state;
	assert_string_equal(got, "/?a=…");
}

static void markers(void **state)
{
	_cleanup_free_ char *plain = redact_marker(&profile_1[0]);
	_cleanup_free_ char *path = redact_marker(&secret[0]);
	_cleanup_free_ char *hidden = redact_marker(&secret[1]);

	(void)state;
	assert_string_equal(plain, "profile=1");
	assert_string_equal(path, "path:/a=b");
	assert_string_equal(hidden, "token=…");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(keep_url), cmocka_unit_test(secret_marker),
		cmocka_unit_test(raw_bytes), cmocka_unit_test(markers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
