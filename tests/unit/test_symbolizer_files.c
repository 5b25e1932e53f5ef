/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Mappings, processes and files that come, go and are replaced while stacks are named; which files are read, and how many are kept.
 *
 * links: symbol/symbolizer.c symbol/jit_names.c symbol/perf_map.c symbol/process_maps.c symbol/maps.c symbol/files.c symbol/symbol_file.c
 */
/* links: symbol/asked.c symbol/symbols.c symbol/lines.c symbol/ranges.c symbol/elf.c symbol/mapped.c symbol/debug_file.c */
/* links: symbol/debuginfod.c symbol/demangle.c symbol/string_set.c symbol/vdso.c */
/* links: symbol/function_start.c symbol/kernel.c symbol/profiler_frames.c capture/names.c profile/profile.c base/alloc.c */
#include <gnu/libc-version.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "symbolizer_world.h"

static void libraries_loaded_later_are_found(void **state)
{
	_cleanup_free_ char *path = fixture_path("later.so");
	struct world *w = *state;
	void *later;
	int before;

	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	later = dlopen(path, RTLD_NOW);
	assert_string_equal(frame_at(w, one(w, (uintptr_t)dlsym(later, "second")), 0)->function, "second");
	one(w, 0x123);
	before = maps_opened;
	for (uint64_t i = 0; i < 100; i++)
		one(w, 0x1000 + i); /* stray addresses do not read the mappings again and again */
	assert_in_range(maps_opened, before, before + 50);
	dlclose(later);
}

static void a_deleted_file_has_names(void **state)
{
	_cleanup_free_ char *path = fixture_path("deleted.so");
	void *library = dlopen(path, RTLD_NOW);
	struct world *w = *state;
	const struct frame *f;

	kept_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink(path), 0);
	f = frame_at(w, one(w, (uintptr_t)dlsym(library, "first")), 0);
	assert_string_equal(f->function, "first");
	assert_string_equal(f->module, path);
	dlclose(library);
	close(kept_fd);
}

static void a_process_that_is_gone_keeps_its_names(void **state)
{
	struct world *w = *state;
	int pid = fork();
	uint64_t address = symbol(w, "second");
	int32_t stack;

	if (!pid)
		_exit(pause());
	assert_int_equal(symbolizer_add_process(w->s, pid), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	stack = stack_of(w, pid, &address, 0, 1, true);
	assert_string_equal(frame_at(w, stack, 0)->function, "second");
	assert_int_equal(symbolizer_add_process(w->s, pid), -ENOENT);
	stack = stack_of(w, pid, &address, 0, 1, true);
	assert_string_equal(frame_at(w, stack, 0)->function, "second");
	assert_int_equal(w->faults.unknown, 0);
	assert_int_equal(symbolizer_renew_process(w->s, pid), -ENOENT); /* exec, then exit: nothing is known of what it ran */
	stack = stack_of(w, pid, &address, 0, 1, true);
	assert_null(frame_at(w, stack, 0)->module);
	assert_int_equal(w->faults.unknown, 1);
	symbolizer_forget_process(w->s, pid);
	symbolizer_forget_process(w->s, pid);
}

static void a_process_that_was_never_there_has_addresses(void **state)
{
	struct world *w = *state;
	uint64_t addresses[] = {0x401000, 0x402000};
	int32_t stack;

	gone = true;
	assert_int_equal(symbolizer_add_process(w->s, 4242), -ESRCH);
	stack = stack_of(w, 4242, addresses, 0, 2, true);
	assert_string_equal(frame_at(w, stack, 0)->function, "0x401000");
	assert_string_equal(frame_at(w, stack, 1)->function, "0x401fff");
	assert_int_equal(w->faults.unknown, 2);
	assert_int_equal(stack_of(w, 4242, addresses, 0, 0, true), -1);
}

/* What a second process maps is not opened again; another inode is, to see that it is a copy. */
static void files_are_shared(void **state)
{
	struct world *w = *state;

	maps_text = "7f0000010000-7f0000011000 r-xp 00010000 fe:00 77 /app/server\n"
		    "7f0000020000-7f0000021000 r-xp 00010000 fe:00 78 /other/copy\n";
	file_name = "code.so";
	files_opened = 0;
	assert_int_equal(symbolizer_add_process(w->s, 1), 0);
	assert_int_equal(files_opened, 2);
	assert_int_equal(symbolizer_add_process(w->s, 2), 0);
	assert_int_equal(files_opened, 3); /* the copy, to see that it is one */
	symbolizer_forget_process(w->s, 1);
	symbolizer_forget_process(w->s, 2);
	assert_int_equal(symbolizer_add_process(w->s, 3), 0);
	assert_int_equal(files_opened, 4); /* nobody uses them now, and they are still there */
}

static char *many_mappings(int first, int n)
{
	char *text = xcalloc(n, 100), *at = text;

	for (int i = 0; i < n; i++)
		at += sprintf(at, "%lx-%lx r-xp 00001000 fe:00 %d /lib/%d.so\n", 0x7f0000010000 + i * 0x10000L,
			      0x7f0000011000 + i * 0x10000L, first + i, first + i);
	return text;
}

static int named(struct world *w, int pid, int n)
{
	int names = 0;

	for (int i = 0; i < n; i++) {
		uint64_t address = 0x7f0000010000 + i * 0x10000L;
		int32_t stack = stack_of(w, pid, &address, 0, 1, true);

		names += !strchr(frame_at(w, stack, 0)->function, '+');
	}
	return names;
}

static void at_most_so_many_files_are_kept(void **state)
{
	_cleanup_free_ char *many = many_mappings(1, SYMBOL_FILES_MAX + 10), *others = many_mappings(10001, 5);
	struct world *w = *state;

	maps_text = many;
	file_name = "plain.so";
	assert_int_equal(symbolizer_add_process(w->s, 1), 0);
	assert_int_equal(named(w, 1, SYMBOL_FILES_MAX + 10), SYMBOL_FILES_MAX);
	maps_text = others;
	assert_int_equal(symbolizer_add_process(w->s, 2), 0);
	assert_int_equal(named(w, 2, 5), 0);
	symbolizer_forget_process(w->s, 1);
	symbolizer_forget_process(w->s, 2);
	assert_int_equal(symbolizer_add_process(w->s, 2), 0);
	assert_int_equal(named(w, 2, 5), 5);
	assert_int_equal(w->faults.unknown, 0);
}

static void the_file_that_is_read_is_known(void **state)
{
	struct world *w = *state;
	_cleanup_free_ char *path = fixture_path("code.so");
	struct stat st;
	int begun;

	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	one(w, (uintptr_t)gnu_get_libc_version);
	begun = watched.begun;
	one(w, symbol(w, "first"));
	assert_int_equal(watched.begun, begun + 1);
	assert_string_equal(base_name(watched.last), "code.so");
	assert_int_equal(stat(path, &st), 0);
	assert_true(watched.inode == st.st_ino);
	assert_true(watched.size == (uint64_t)st.st_size);
	one(w, symbol(w, "first")); /* remembered: nothing is read */
	assert_int_equal(watched.begun, begun + 1);
	free(symbolizer_data_name(w->s, getpid(), symbol(w, "values")));
	assert_int_equal(watched.begun, begun + 2);
	assert_string_equal(base_name(watched.last), "code.so");
}

static void a_file_that_is_left_alone_costs_its_own_names(void **state)
{
	struct world *w = *state;
	const struct frame *f;

	watched.refused = "/code.so";
	assert_int_equal(symbolizer_add_process(w->s, getpid()), 0);
	f = frame_at(w, one(w, symbol(w, "first")), 0);
	assert_string_equal(f->function, "code.so+0x1000");
	assert_string_equal(base_name(f->module), "code.so");
	assert_null(symbolizer_data_name(w->s, getpid(), symbol(w, "values")));
	f = frame_at(w, one(w, (uintptr_t)gnu_get_libc_version), 0);
	assert_string_equal(f->function, "gnu_get_libc_version");
	assert_int_equal(w->faults.unknown, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(libraries_loaded_later_are_found),
		TEST(a_deleted_file_has_names),
		TEST(a_process_that_is_gone_keeps_its_names),
		TEST(a_process_that_was_never_there_has_addresses),
		TEST(files_are_shared),
		TEST(at_most_so_many_files_are_kept),
		TEST(the_file_that_is_read_is_known),
		TEST(a_file_that_is_left_alone_costs_its_own_names),
	};

	return cmocka_run_group_tests(tests, make_fixtures, remove_fixtures);
}
