/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose code a frame is.
 * links: profile/own.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profile/own.h"

static bool native_is_own(const char *module)
{
	return frame_is_own(&(struct frame){.function = "f", .module = module, .kind = FRAME_native});
}

static bool python_is_own(const char *file)
{
	return frame_is_own(&(struct frame){.function = "f", .file = file, .kind = FRAME_python});
}

static void test_native(void **state)
{
	(void)state;
	assert_true(native_is_own("/usr/sbin/nginx"));
	assert_true(native_is_own("/srv/app/fast.cpython-311-x86_64-linux-gnu.so"));
	assert_true(native_is_own("/srv/pythonic"));
	assert_false(native_is_own(NULL));
	assert_false(native_is_own("[vdso]"));
	assert_false(native_is_own("/lib64/ld-linux-x86-64.so.2"));
	assert_false(native_is_own("/usr/lib/x86_64-linux-gnu/libc.so.6"));
	assert_false(native_is_own("/usr/lib/python3/dist-packages/uvloop/loop.cpython-311-x86_64-linux-gnu.so"));
	assert_false(native_is_own("/opt/venv/lib/python3.12/site-packages/numpy/core.so"));
	assert_false(native_is_own("/usr/lib/python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so"));
	assert_false(native_is_own("/usr/bin/python3.11"));
	assert_false(native_is_own("python"));
}

static void test_others(void **state)
{
	(void)state;
	assert_true(python_is_own("/srv/app/views.py"));
	assert_true(python_is_own(NULL));
	assert_false(python_is_own("/usr/lib/python3.11/json/encoder.py"));
	assert_false(python_is_own("/opt/venv/lib/python3.12/site-packages/fastapi/routing.py"));
	assert_false(python_is_own("<frozen importlib._bootstrap>"));
	assert_false(frame_is_own(&(struct frame){.function = "do_sys_poll", .module = "kernel", .kind = FRAME_kernel}));
	assert_true(frame_is_own(&(struct frame){.function = "main.handler", .kind = FRAME_go}));
}

static void test_stack(void **state)
{
	static struct frame frames[] = {
		{.function = "serve", .file = "/srv/app/main.py", .kind = FRAME_python},
		{.function = "encode", .file = "/usr/lib/python3.11/json/encoder.py", .kind = FRAME_python},
		{.function = "read", .module = "kernel", .kind = FRAME_kernel},
	};
	static struct stack_node stacks[] = {{-1, 0}, {0, 1}, {1, 2}, {-1, 1}, {3, 2}, {-1, 2}};
	struct profile p = {.frames = frames, .n_frames = 3, .stacks = stacks, .n_stacks = 6};

	(void)state;
	assert_int_equal(stack_own_frame(&p, 2), 0); /* the innermost own */
	assert_int_equal(stack_own_frame(&p, 4), 1); /* else outside of the kernel */
	assert_int_equal(stack_own_frame(&p, 5), 2);
	assert_int_equal(stack_own_frame(&p, -1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_native),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
