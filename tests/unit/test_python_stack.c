/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Native and Python frames put together: where the counts agree, and where they do not.
 * links: unwind/python_stack.c unwind/python_find.c unwind/python_verify.c unwind/python_versions.c unwind/python_module.c unwind/code_scan.c
 * links: unwind/python_context.c
 * links: unwind/fde_list.c unwind/frame_row.c unwind/cfa_program.c symbol/python_string.c symbol/elf_symbols.c symbol/elf.c symbol/mapped.c
 * links: symbol/maps.c symbol/string_set.c symbol/symbol_file.c symbol/symbols.c symbol/lines.c symbol/ranges.c symbol/demangle.c
 * links: symbol/function_start.c symbol/debug_file.c symbol/debuginfod.c symbol/asked.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/python_stack.h"

/* The interpreter's code is from 1000 to 2000, its loop at 1100 to 1200. Numbers of native addresses: */
#define EVAL 1150
#define GLUE 1300               /* _PyObject_Call */
#define SORT 1400               /* list_sort */
#define NONAME 1500             /* no symbol */
#define MAIN 1600               /* Py_BytesMain */
#define LIBC 5000               /* __libc_start_main */
#define EXTENSION 6000          /* dumps */
#define KERNEL 9000

static const struct python_runtime runtime = {
	.eval = {{1100, 1200}}, .n_eval = 1, .texts = {{1000, 2000}}, .n_texts = 1,
};

static const struct {
	uint64_t address;
	const char *name;
} names[] = {
	{EVAL, "_PyEval_EvalFrameDefault"}, {GLUE, "_PyObject_Call.part.0"}, {SORT, "list_sort"}, {NONAME, "python3+0x5dc"}, {MAIN, "Py_BytesMain"},
	{LIBC, "__libc_start_main"}, {EXTENSION, "dumps"}, {KERNEL, "vfs_read"},
};

static char said[1024];         /* the frames as they come, the outermost first */

static void say(const char *name)
{
	snprintf(said + strlen(said), sizeof said - strlen(said), "%s%s", *said ? " " : "", name);
}

static void on_native(void *ctx, const struct symbol_frame *frame)
{
	(void)ctx;
	say(frame->function);
}

/* Python functions are numbers. */
static void on_python(void *ctx, const struct rp_python_frame *frame)
{
	char name[32];

	(void)ctx;
	snprintf(name, sizeof name, "py%llu", (unsigned long long)frame->code);
	say(name);
}

/* As symbolizer_stack() does; a function is inlined into the loop. */
static void native_frames(struct python_stack *s, const struct symbol_stack *stack)
{
	for (size_t at = stack->n_kernel + stack->n_user; at-- > 0;) {
		struct symbol_frame f = {.at = at};

		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (names[i].address == stack->addresses[at])
				f.function = names[i].name;
		f.unnamed = stack->addresses[at] == NONAME;
		f.kind = at < stack->n_kernel ? SYMBOL_KERNEL : SYMBOL_NATIVE;
		python_stack_native(s, &f);
		if (stack->addresses[at] == EVAL) {
			f.function = "inlined";
			f.inlined = true;
			python_stack_native(s, &f);
		}
	}
}

/* Addresses, innermost first, up to 0; Python frames likewise, negative: the loop was entered for it. */
static bool merge(size_t n_kernel, const uint64_t *addresses, const int *python)
{
	const struct python_stack_sink sink = {.native = on_native, .python = on_python};
	struct symbol_stack stack = {.addresses = addresses, .n_kernel = n_kernel, .user_exact = !n_kernel};
	struct rp_python_frame frames[16];
	struct python_stack s;
	size_t n = 0;

	while (addresses[n_kernel + stack.n_user])
		stack.n_user++;
	for (; python[n]; n++)
		frames[n] = (struct rp_python_frame){
			.code = python[n] == -99 ? 0 : abs(python[n]), .instr = 10 | (python[n] < 0 ? RP_PYTHON_ENTRY : 0),
		};
	*said = 0;
	python_stack_begin(&s, &runtime, &stack, frames, n, &sink);
	native_frames(&s, &stack);
	return s.inexact;
}

#define NATIVE(...) (const uint64_t[]){__VA_ARGS__, 0}
#define PYTHON(...) (const int[]){__VA_ARGS__, 0}

/* One loop for all: from 3.11 on. */
static void frames_of_one_loop(void **state)
{
	(void)state;
	assert_false(merge(0, NATIVE(EVAL, GLUE, MAIN, LIBC), PYTHON(1, 2, -3)));
	assert_string_equal(said, "__libc_start_main py3 py2 py1");
}

/* A loop for each: to 3.10. */
static void frames_of_a_loop_each(void **state)
{
	(void)state;
	assert_false(merge(0, NATIVE(EVAL, GLUE, EVAL, EVAL, MAIN, LIBC), PYTHON(-1, -2, -3)));
	assert_string_equal(said, "__libc_start_main py3 py2 py1");
}

static void frames_of_others_stay(void **state)
{
	(void)state;
	assert_false(merge(1, NATIVE(KERNEL, LIBC, EVAL, GLUE, EXTENSION, GLUE, EVAL, NONAME, MAIN, LIBC), PYTHON(1, -2, 3, -4)));
	assert_string_equal(said, "__libc_start_main py4 py3 dumps py2 py1 __libc_start_main vfs_read");
}

/* What the interpreter does for the innermost Python frame stays if its name says something; between loops it does not. */
static void what_the_interpreter_does(void **state)
{
	(void)state;
	assert_false(merge(0, NATIVE(LIBC, SORT, NONAME, GLUE, EVAL, GLUE, SORT, EVAL, MAIN), PYTHON(-1, -2)));
	assert_string_equal(said, "py2 py1 list_sort __libc_start_main");
}

/* The outer half of the native stack is missing. */
static void fewer_loops(void **state)
{
	(void)state;
	assert_true(merge(0, NATIVE(SORT, EVAL, GLUE, EXTENSION), PYTHON(1, -2, 3, -4, -5)));
	assert_string_equal(said, "py5 py4 py3 dumps py2 py1 list_sort");
}

static void more_loops(void **state)
{
	(void)state;
	assert_true(merge(0, NATIVE(SORT, EVAL, GLUE, EVAL, GLUE, EVAL, MAIN, LIBC), PYTHON(1, -2)));
	assert_string_equal(said, "__libc_start_main Py_BytesMain _PyEval_EvalFrameDefault inlined _PyObject_Call.part.0 _PyEval_EvalFrameDefault inlined "
				  "_PyObject_Call.part.0 py2 py1 list_sort");
}

/* The outermost frames of Python are missing: the last run has no end. */
static void frames_that_are_cut_off(void **state)
{
	(void)state;
	assert_true(merge(0, NATIVE(EVAL, GLUE, EVAL, MAIN), PYTHON(1, 2)));
	assert_string_equal(said, "Py_BytesMain _PyEval_EvalFrameDefault inlined _PyObject_Call.part.0 py2 py1");
}

/* The thread stands at the begin, or the end, of a loop whose frame there is not. */
static void between_frames(void **state)
{
	(void)state;
	assert_false(merge(0, NATIVE(EVAL, GLUE, SORT, EVAL, MAIN, LIBC), PYTHON(1, -2)));
	assert_string_equal(said, "__libc_start_main py2 py1 list_sort");
	assert_false(merge(0, NATIVE(SORT, EVAL, GLUE, EVAL, MAIN, LIBC), PYTHON(-99, 1, -2))); /* it is said */
	assert_string_equal(said, "__libc_start_main py2 py1 list_sort");
}

static void no_loop(void **state)
{
	(void)state;
	assert_true(merge(1, NATIVE(KERNEL, EXTENSION, GLUE, LIBC), PYTHON(1, -2)));
	assert_string_equal(said, "py2 py1 __libc_start_main _PyObject_Call.part.0 dumps vfs_read");
	assert_true(merge(0, NATIVE(0), PYTHON(1, -2)));
	assert_string_equal(said, "py2 py1");
}

/* A return address belongs to the call before it. */
static void return_addresses(void **state)
{
	static const uint64_t behind[] = {SORT, 1200, 0}, before[] = {SORT, 1100, 0}, exact[] = {1100, 0};

	(void)state;
	assert_false(merge(0, behind, PYTHON(-1)));
	assert_true(merge(0, before, PYTHON(-1)));
	assert_false(merge(0, exact, PYTHON(-1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_one_loop),
		cmocka_unit_test(frames_of_a_loop_each),
		cmocka_unit_test(frames_of_others_stay),
		cmocka_unit_test(what_the_interpreter_does),
		cmocka_unit_test(fewer_loops),
		cmocka_unit_test(more_loops),
		cmocka_unit_test(frames_that_are_cut_off),
		cmocka_unit_test(between_frames),
		cmocka_unit_test(no_loop),
		cmocka_unit_test(return_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
