/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stacks of addresses become stacks of frames: this process's own functions, libraries, the vDSO, the kernel, code that no file has.
 * Files that go, come and are replaced: test_symbolizer_files.c.
 *
 * links: symbol/symbolizer.c symbol/jit_names.c symbol/perf_map.c symbol/process_maps.c symbol/maps.c symbol/files.c symbol/symbol_file.c
 */
/* links: symbol/asked.c symbol/symbols.c symbol/lines.c symbol/ranges.c symbol/elf.c symbol/mapped.c symbol/debug_file.c */
/* links: symbol/debuginfod.c symbol/demangle.c symbol/string_set.c symbol/vdso.c */
/* links: symbol/function_start.c symbol/kernel.c symbol/profiler_frames.c capture/names.c profile/profile.c profile/check.c base/alloc.c */
#include <gnu/libc-version.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "symbolizer_world.h"

/* ---- user frames ------------------------------------------------------------------------------------------------- */

static void libraries_have_names(void **state)
{
	struct world *w = *state;
	const struct frame *f = frame_at(w, one(w, (uintptr_t)gnu_get_libc_version), 0);

	assert_string_equal(f->function, "gnu_get_libc_version");
	assert_string_equal(base_name(f->module), "libc.so.6");
	assert_int_equal(w->faults.unknown, 0);
}

static void the_vdso_has_names(void **state)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
	struct world *w = *state;
	const struct frame *f;

	assert_non_null(vdso);
	f = frame_at(w, one(w, (uintptr_t)dlsym(vdso, "__vdso_clock_gettime")), 0);
	assert_non_null(strstr(f->function, "clock_gettime"));
	assert_string_equal(f->module, "[vdso]");
	assert_int_equal(w->faults.unknown, 0);
	dlclose(vdso);
}

static void inlined_functions_are_expanded(void **state)
{
	struct world *w = *state;
	int32_t stack = one(w, symbol(w, "outer"));

	assert_int_equal(depth_of(w, stack), 2);
	assert_string_equal(frame_at(w, stack, 0)->function, "inner");
	assert_int_equal(frame_at(w, stack, 0)->line, 106);
	assert_true(frame_at(w, stack, 0)->inlined);
	assert_string_equal(frame_at(w, stack, 1)->function, "outer");
	assert_int_equal(frame_at(w, stack, 1)->line, 111);
	assert_string_equal(base_name(frame_at(w, stack, 1)->file), "code.c");
	assert_int_equal(*frame_at(w, stack, 1)->file, '/'); /* though it was compiled by a relative path */
	assert_false(frame_at(w, stack, 1)->inlined);
}

/* A call may be the last instruction of its function, and `second` begins where it returns to. */
static void return_addresses_belong_to_the_call(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {symbol(w, "second"), symbol(w, "second"), symbol(w, "outer") + 1};
	int32_t exact = stack_of(w, getpid(), addresses, 0, 3, true);
	int32_t after_call = stack_of(w, getpid(), addresses, 0, 3, false);

	assert_int_equal(depth_of(w, exact), 4);
	assert_string_equal(frame_at(w, exact, 0)->function, "second");
	assert_string_equal(frame_at(w, exact, 1)->function, "first");
	assert_string_equal(frame_at(w, exact, 3)->function, "outer");
	assert_string_equal(frame_at(w, after_call, 0)->function, "first");
	assert_int_equal(w->p->stacks[exact].parent, w->p->stacks[after_call].parent);
}

static void the_signal_return_is_no_return_address(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {symbol(w, "first"), symbol(w, "sigreturn"), symbol(w, "second")};
	int32_t stack = stack_of(w, getpid(), addresses, 0, 3, true);

	assert_string_equal(frame_at(w, stack, 1)->function, "sigreturn");
	assert_string_equal(frame_at(w, stack, 2)->function, "first");
}

static void a_gap_between_symbols_is_an_offset(void **state)
{
	struct world *w = *state;
	const struct frame *f;

	maps_text = "7f0000000000-7f0000100000 r-xp 00000000 fe:00 77 /srv/my app/plain.so\n";
	file_name = "plain.so";
	f = frame_at(w, one(w, 0x7f0000000100), 0); /* in the headers */
	assert_string_equal(f->function, "plain.so+0x100");
	assert_string_equal(f->module, "/srv/my app/plain.so");
	assert_null(f->file);
	assert_int_equal(w->faults.unknown, 0);
}

static void memory_without_a_file_has_no_module(void **state)
{
	void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *jit = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct world *w = *state;
	const struct frame *f;

	f = frame_at(w, one(w, (uintptr_t)jit + 0x20), 0);
	assert_non_null(strstr(f->function, "[anon]+0x"));
	assert_null(f->module);
	assert_int_equal(f->kind, FRAME_jit);
	f = frame_at(w, one(w, (uintptr_t)data + 0x20), 0);
	assert_null(f->module);
	assert_int_equal(f->kind, FRAME_native);
	f = frame_at(w, one(w, 0x123), 0);
	assert_string_equal(f->function, "0x123");
	assert_null(f->module);
	assert_int_equal(w->faults.unknown, 2); /* generated code has no module to know */
	munmap(data, 4096);
	munmap(jit, 4096);
}

static void generated_code_has_the_names_that_its_program_gives(void **state)
{
	void *jit = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	_cleanup_free_ char *text = xasprintf("%lx 10 function one\n", (unsigned long)jit + 0x20);
	struct world *w = *state;
	const struct frame *f;

	perf_map = text;
	f = frame_at(w, one(w, (uintptr_t)jit + 0x2f), 0);
	assert_string_equal(f->function, "function one");
	assert_null(f->module);
	assert_int_equal(f->kind, FRAME_jit);
	f = frame_at(w, one(w, (uintptr_t)jit + 0x30), 0);
	assert_non_null(strstr(f->function, "[anon]+0x"));
	f = frame_at(w, one(w, symbol(w, "first")), 0);
	assert_string_equal(f->function, "first");
	perf_map = NULL;
	munmap(jit, 4096);
}

/* ---- kernel frames ----------------------------------------------------------------------------------------------- */

static void kernel_frames_stand_on_user_frames(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {0xffffffff81003010, 0xffffffffc0100010, 0xffffffff81002000, 0xffffffff89000000, symbol(w, "first") + 4};
	int32_t stack = stack_of(w, getpid(), addresses, 4, 1, false);

	assert_int_equal(depth_of(w, stack), 5);
	assert_string_equal(frame_at(w, stack, 0)->function, "schedule_timeout");
	assert_string_equal(frame_at(w, stack, 0)->module, "kernel");
	assert_int_equal(frame_at(w, stack, 0)->kind, FRAME_kernel);
	assert_string_equal(frame_at(w, stack, 1)->function, "nft_do_chain");
	assert_string_equal(frame_at(w, stack, 1)->module, "nf_tables");
	assert_string_equal(frame_at(w, stack, 2)->function, "do_syscall_64"); /* returns to the very end of it */
	assert_string_equal(frame_at(w, stack, 3)->function, "kernel+0xffffffff88ffffff");
	assert_string_equal(frame_at(w, stack, 3)->module, "kernel");
	assert_string_equal(frame_at(w, stack, 4)->function, "first");
	assert_int_equal(w->faults.unknown, 0);
}

static void the_profiler_is_not_shown(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {0xffffffffc0200074, 0xffffffff810060fc, 0xffffffff81005618, 0xffffffff81004023, 0xffffffff810030c1};
	int32_t stack = stack_of(w, getpid(), addresses, 5, 0, false);

	assert_int_equal(depth_of(w, stack), 1);
	assert_string_equal(frame_at(w, stack, 0)->function, "schedule_timeout");
	assert_int_equal(stack_of(w, getpid(), addresses, 4, 0, false), -1);
}

/* An exception strikes at an address, it does not return to it. */
static void interrupted_functions_are_exact(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {0xffffffff81008000, 0xffffffff81007010, 0xffffffff81009000, 0xffffffff81002010};
	int32_t stack = stack_of(w, getpid(), addresses, 4, 0, false);

	assert_string_equal(frame_at(w, stack, 0)->function, "exc_page_fault");
	assert_string_equal(frame_at(w, stack, 1)->function, "asm_exc_page_fault");
	assert_string_equal(frame_at(w, stack, 2)->function, "copy_from_user");
	assert_string_equal(frame_at(w, stack, 3)->function, "ksys_read");
}

static void executables_are_listed_once(void **state)
{
	struct world *w = *state;
	int found = 0;

	names_executables(&w->namer, w->p, getpid());
	assert_int_equal(w->p->about.n_executables, 0); /* nothing was read */
	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	for (int twice = 0; twice < 2; twice++)
		names_executables(&w->namer, w->p, getpid());
	for (size_t i = 0; i < w->p->about.n_executables; i++) {
		const struct executable *e = &w->p->about.executables[i];

		assert_non_null(e->path);
		if (strcmp(base_name(e->path), "code.so"))
			continue;
		found++;
		assert_int_equal(strlen(e->build_id), 40);
		assert_int_equal(strspn(e->build_id, "0123456789abcdef"), 40);
	}
	assert_int_equal(found, 1);
}

/* ---- what this program has itself -------------------------------------------------------------------------------- */

enum { ABOVE_IT = __LINE__ };
static __attribute__((noinline)) int own_function(int x)
{
	return x * 3 + 1;
}

static void own_functions_have_names_and_lines(void **state)
{
	struct world *w = *state;
	const struct frame *f;

	assert_int_equal(own_function(1), 4);
	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	f = frame_at(w, one(w, (uintptr_t)own_function), 0);
	assert_string_equal(f->function, "own_function");
	assert_string_equal(base_name(f->file), "test_symbolizer.c");
	assert_in_range(f->line, ABOVE_IT, __LINE__);
	assert_string_equal(base_name(f->module), "test_symbolizer");
	assert_int_equal(f->kind, FRAME_native);
	assert_false(f->inlined);
	assert_int_equal(w->faults.unknown, 0);
}

static int a_lock;

static void variables_are_named(void **state)
{
	struct world *w = *state;
	const struct {
		uint64_t address;
		const char *name;
	} expected[] = {
		{(uintptr_t)&a_lock, "a_lock"},
		{symbol(w, "zeros"), "zeros"},
		{symbol(w, "zeros") + 299999, "zeros+0x493df"}, /* in the anonymous mapping behind the file's */
		{symbol(w, "values"), "values"},
		{symbol(w, "values") + 8, "values+0x8"},
		{symbol(w, "outer"), ""},
		{(uintptr_t)&w, ""},
		{0x10, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		_cleanup_free_ char *name = symbolizer_data_name(w->s, getpid(), expected[i].address);

		assert_string_equal(name ? name : "", expected[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(own_functions_have_names_and_lines),
		TEST(libraries_have_names),
		TEST(the_vdso_has_names),
		TEST(inlined_functions_are_expanded),
		TEST(return_addresses_belong_to_the_call),
		TEST(the_signal_return_is_no_return_address),
		TEST(a_gap_between_symbols_is_an_offset),
		TEST(memory_without_a_file_has_no_module),
		TEST(generated_code_has_the_names_that_its_program_gives),
		TEST(kernel_frames_stand_on_user_frames),
		TEST(the_profiler_is_not_shown),
		TEST(interrupted_functions_are_exact),
		TEST(variables_are_named),
		TEST(executables_are_listed_once),
	};

	return cmocka_run_group_tests(tests, make_fixtures, remove_fixtures);
}
