/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is the same in two profiles.
 *
 * links: format/alike.c profile/profile.c base/alloc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "format/alike.h"

static void test_functions(void **state)
{
	static const struct frame serialize = {"serialize", "/srv/v1/app/views.py", "app", 41, FRAME_python, false};
	static const struct {
		struct frame frame;
		bool same;
	} cases[] = {
		{{"serialize", "/srv/v2/app/views.py", "app", 48, FRAME_python, false}, true}, /* another release, another line */
		{{"serialize", "app/views.py", NULL, 1, FRAME_python, true}, true},
		{{"serialize", "/srv/v1/app/orders.py", "app", 41, FRAME_python, false}, false},
		{{"serialize", "/srv/v1/shop/views.py", "app", 41, FRAME_python, false}, false},
		{{"serialise", "/srv/v1/app/views.py", "app", 41, FRAME_python, false}, false},
		{{"serialize", "/srv/v1/app/views.py", "app", 41, FRAME_native, false}, false},
		{{"serialize", NULL, "app", 41, FRAME_python, false}, false},
	};
	static const struct frame here = {"malloc", NULL, "/usr/lib/libc.so.6", 0, FRAME_native, false},
				  there = {"malloc", NULL, "/lib64/libc.so.6", 0, FRAME_native, false},
				  nowhere = {"malloc", NULL, NULL, 0, FRAME_native, false};
	struct alike *a = alike_new();
	int32_t number = alike_frame(a, &serialize);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(alike_frame(a, &cases[i].frame) == number, cases[i].same);
	assert_int_equal(alike_frame(a, &here), alike_frame(a, &there));
	assert_int_not_equal(alike_frame(a, &here), alike_frame(a, &nowhere));
	assert_ptr_equal(alike_get_frame(a, number), &serialize);
	alike_free(a);
}

static void test_objects(void **state)
{
	static const char *const same[][2] = {
		{"pthread mutex 0x5581c0de10 app_lock", "pthread mutex 0x7f00000000 app_lock"}, {"futex 0x1", "futex 0x2"},
		{"MainThread[4242] health (GET /health)", "MainThread[17] health (GET /health)"}, {"127.0.0.1:40312", "127.0.0.1:51000"}, /* the client */
	};
	static const char *const other[][2] = {
		{"127.0.0.1:5432", "127.0.0.1:6379"}, {"/a/x.db", "/b/x.db"}, {"pthread mutex 0x1 a", "pthread mutex 0x1 b"}, {NULL, ""}, {"[a]", "a"},
	};
	struct profile p = {.request = {.remote = "127.0.0.1:40312"}}, q = {.request = {.remote = "127.0.0.1:51000"}};
	struct alike *a = alike_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_int_equal(alike_object(a, &p, same[i][0]), alike_object(a, &q, same[i][1]));
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		assert_int_not_equal(alike_object(a, &p, other[i][0]), alike_object(a, &q, other[i][1]));
	assert_string_equal(alike_get_text(a, alike_object(a, &p, "futex 0xabc")), "futex 0x…");
	assert_string_equal(alike_get_text(a, alike_object(a, &p, "127.0.0.1:40312")), "the client");
	assert_null(alike_get_text(a, alike_object(a, &p, NULL)));
	alike_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_functions), cmocka_unit_test(test_objects)};

	return cmocka_run_group_tests_name("alike", tests, NULL, NULL);
}
