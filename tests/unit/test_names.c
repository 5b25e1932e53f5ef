/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * links: page/names.c
 */
#include <ctype.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page/names.h"

/* 2026-11-23 11:01:07.114 UTC */
#define START_NS 1795431667114999999LL

static const char *name(const char *method, const char *target, int status, uint64_t wall_ns)
{
	static char result[NAME_SIZE];
	struct profile p = {
		.request = {.id = "3f2a91", .method = method, .target = target, .status = status, .start_ns = START_NS,
			    .utc_offset_s = 3600},
		.time = {.wall_ns = wall_ns},
	};

	name_of_report(&p, result);
	return result;
}

static void test_example(void **state)
{
	(void)state;
	assert_string_equal(name("GET", "/orders?id=…&profile=1", 200, 183999999), "20261123T120107.114-GET-orders-200-183ms-3f2a91");
}

static const char *slug(const char *target)
{
	static char result[NAME_SIZE];
	const char *n = name("GET", target, 200, 0);
	size_t len = strlen(n);

	memcpy(result, n + strlen("20261123T120107.114-GET-"), len);
	result[strlen(result) - strlen("-200-0ms-3f2a91")] = '\0';
	return result;
}

static void test_slug(void **state)
{
	(void)state;
	assert_string_equal(slug("/"), "root");
	assert_string_equal(slug(""), "root");
	assert_string_equal(slug("*"), "root");
	assert_string_equal(slug("/?a=/b"), "root");
	assert_string_equal(slug("/a/b.c_d//e/"), "a-b.c_d-e");
	assert_string_equal(slug("/%2e%2e/\xc3\xa9\n\x1b[2J"), "2e-2e-2J");
	assert_string_equal(slug("/../../etc"), "..-..-etc");
	assert_string_equal(slug("/x#/y"), "x");
	assert_string_equal(slug("http://u:p@host:80/path?q"), "path");
	assert_string_equal(slug("http://host"), "root");
	assert_string_equal(slug("/go?to=http://host/x"), "go");
	assert_string_equal(slug("/0123456789012345678901234567890123456789tail"), "0123456789012345678901234567890123456789");
	assert_string_equal(slug("/012345678901234567890123456789012345678/tail"), "012345678901234567890123456789012345678");
}

static void test_unknown(void **state)
{
	(void)state;
	assert_string_equal(name(NULL, NULL, -1, 5000000), "20261123T120107.114-CALL-root-0-5ms-3f2a91");
	assert_string_equal(name("GET", "/x", 0, 0), "20261123T120107.114-GET-x-0-0ms-3f2a91");
	assert_string_equal(name("M-SEARCH", "*", 200, 0), "20261123T120107.114-M-SEARCH-root-200-0ms-3f2a91");
	assert_string_equal(name("A/../*|B", "/x", 200, 0), "20261123T120107.114-A-..-B-x-200-0ms-3f2a91");
}

/* Whatever the target sends, the name is a plain one, and splits again. */
static void test_hostile(void **state)
{
	char target[300], method[100];
	struct name_parts parts;

	(void)state;
	srandom(1);
	for (int i = 0; i < 2000; i++) {
		for (size_t j = 0; j < sizeof target; j++)
			target[j] = random();
		for (size_t j = 0; j < sizeof method; j++)
			method[j] = random();
		target[sizeof target - 1] = method[sizeof method - 1] = '\0';
		const char *n = name(method, target, random() % 1000, random());
		for (const char *c = n; *c; c++)
			assert_true(isalnum((unsigned char)*c) || strchr("._-", *c));
		assert_true(strlen(n) < 200);
		assert_true(name_split(n, strlen(n), &parts));
		assert_memory_equal(parts.id, "3f2a91", 6);
	}
}

static void test_split(void **state)
{
	static const char n[] = "20261123T120107.114-M-SEARCH-a-b-404-183ms-3f2a91";
	struct name_parts p;

	(void)state;
	assert_true(name_split(n, strlen(n), &p));
	assert_int_equal(p.status, 404);
	assert_int_equal(p.duration_ms, 183);
	assert_int_equal(p.request_len, strlen("M-SEARCH-a-b"));
	assert_memory_equal(p.request, "M-SEARCH-a-b", p.request_len);
	assert_memory_equal(p.id, "3f2a91", 6);
}

static void test_foreign(void **state)
{
	static const char *const foreign[] = {
		"", "index", "20261123T120107.114", "20261123T120107.114-",
		"20261123T120107.114-3f2a91",
		"20261123T120107.114--200-1ms-3f2a91",
		"20261123T120107.114-GET-x-200-1ms-3f2a9",
		"20261123T120107.114-GET-x-200-1ms-3f2a911",
		"20261123T120107.114-GET-x-200-1ms-3F2A91",
		"20261123T120107.114-GET-x-200-ms-3f2a91",
		"20261123T120107.114-GET-x-200-1s-3f2a91",
		"20261123T120107.114-GET-x-2x0-1ms-3f2a91",
		"20261123T120107.114-GET-x--1ms-3f2a91",
		"20261123-120107.114-GET-x-200-1ms-3f2a91",
	};
	struct name_parts p;

	(void)state;
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		if (name_split(foreign[i], strlen(foreign[i]), &p))
			fail_msg("%s was taken for a report", foreign[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_slug),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
