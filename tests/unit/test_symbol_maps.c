/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Mappings as the kernel lists them, odd names included.
 *
 * links: symbol/maps.c symbol/string_set.c base/alloc.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/maps.h"

static const char odd_names[] =
	"00400000-0041f000 r--p 00000000 fe:00 323309                             /usr/bin/python3.11\n"
	"0041f000-006c1000 r-xp 0001f000 fe:00 323309                             /usr/bin/python3.11\n"
	"00a98000-00ae4000 rw-p 00000000 00:00 0 \n"
	"01000000-01001000 r-xp 00000000 08:01 12                                 /srv/my app/the  server\n"
	"01001000-01002000 r-xp 00001000 103:02 18446744073709551615              /srv/a\\012b\n"
	"01002000-01003000 r-xp 00000000 fe:00 14                                 /opt/old/server (deleted)\n"
	"01003000-01004000 r-xp 00000000 00:01 2051                               /memfd:jit code (deleted)\n"
	"01004000-01005000 rwxp 00000000 00:00 0 \n"
	"01005000-01006000 rw-p 00000000 00:00 0                                  [anon: stack of thread]\n"
	"01006000-01007000 r-xp 00000000 fe:00 15                                 [odd]\n"
	"01007000-01008000 r-xp 00000000 fe:00 16                                 / (deleted) (deleted)\n"
	"7ffd2a9f4000-7ffd2aa15000 rw-p 00000000 00:00 0                          [stack]\n"
	"7ffd2aaa0000-7ffd2aaa2000 r-xp 00000000 00:00 0                          [vdso]\n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

/* 0 or what maps_read() says of a file with this text. */
static int read_text(struct maps *maps, const char *text)
{
	int fd = memfd_create("maps", MFD_CLOEXEC), e;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	*maps = (struct maps){0};
	e = maps_read(maps, fd);
	close(fd);
	return e;
}

static void fields_are_read(void **state)
{
	const struct mapping *m;
	struct maps maps;

	(void)state;
	assert_int_equal(read_text(&maps, odd_names), 0);
	assert_int_equal(maps.n, 14);
	m = maps_find(&maps, 0x6c0fff);
	assert_int_equal(m->start, 0x41f000);
	assert_int_equal(m->end, 0x6c1000);
	assert_int_equal(m->offset, 0x1f000);
	assert_int_equal(m->device, 0xfe00000000);
	assert_int_equal(m->inode, 323309);
	assert_true(m->executable);
	assert_false(m->writable);
	assert_string_equal(m->path, "/usr/bin/python3.11");
	assert_ptr_equal(m->path, m[-1].path);
	assert_false(m[-1].executable);
	assert_true(m[1].writable);
	maps_clear(&maps);
}

static void odd_names_are_kept(void **state)
{
	static const struct {
		uint64_t address;
		const char *path;
		bool is_file, is_kernels;
	} expected[] = {
		{0xa98000, NULL, false, false},
		{0x1000000, "/srv/my app/the  server", true, false},
		{0x1001000, "/srv/a\\012b", true, false},
		{0x1002000, "/opt/old/server", true, false},
		{0x1003000, "/memfd:jit code", true, false},
		{0x1004000, NULL, false, false},
		{0x1005000, "[anon: stack of thread]", false, false},
		{0x1006000, "[odd]", false, false},
		{0x1007000, "/ (deleted)", true, false},
		{0x7ffd2a9f4000, "[stack]", false, false},
		{0x7ffd2aaa0000, "[vdso]", false, true},
		{0xffffffffff600000, "[vsyscall]", false, true},
	};
	struct maps maps;

	(void)state;
	assert_int_equal(read_text(&maps, odd_names), 0);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		const struct mapping *m = maps_find(&maps, expected[i].address);

		assert_non_null(m);
		if (expected[i].path)
			assert_string_equal(m->path, expected[i].path);
		else
			assert_null(m->path);
		assert_int_equal(mapping_is_file(m), expected[i].is_file);
		assert_int_equal(mapping_is_kernels(m), expected[i].is_kernels);
	}
	maps_clear(&maps);
}

static void gaps_hold_nothing(void **state)
{
	static const uint64_t outside[] = {0, 0x3fffff, 0x6c1000, 0xa97fff, 0x1008000, 0x7ffd2aaa2000, 0xffffffffff601000, UINT64_MAX};
	struct maps maps;

	(void)state;
	assert_int_equal(read_text(&maps, odd_names), 0);
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
		assert_null(maps_find(&maps, outside[i]));
	maps_clear(&maps);
	assert_null(maps_find(&maps, 0x400000));
}

static void what_is_no_mapping_is_refused(void **state)
{
	static const char *const texts[] = {
		"not a mapping\n",
		"\n",
		"00400000-0041f000 r--p 00000000 fe:00\n",
		"00400000-00400000 r--p 00000000 fe:00 1 /empty\n",
		"0041f000-00400000 r--p 00000000 fe:00 1 /backwards\n",
		"00400000-0041f000 r-- 00000000 fe:00 1 /perms\n",
	};
	struct maps maps;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_int_equal(read_text(&maps, texts[i]), -EBADMSG);
		maps_clear(&maps);
	}
	assert_int_equal(maps_read(&maps, -1), -EBADF);
	assert_int_equal(read_text(&maps, ""), 0);
	assert_int_equal(maps.n, 0);
}

/* The list is read in pieces, between which mappings grow and merge. */
static void overlaps_are_cut(void **state)
{
	struct maps maps;

	(void)state;
	assert_int_equal(read_text(&maps, "00400000-0041f000 r--p 00001000 fe:00 1 /a\n"
					  "0041e000-0042f000 r--p 00003000 fe:00 1 /b\n"
					  "00400000-0042f000 r--p 00000000 fe:00 1 /c\n"
					  "0042e000-00430000 rw-p 00000000 00:00 0 \n"), 0);
	assert_int_equal(maps.n, 3);
	assert_int_equal(maps.list[1].start, 0x41f000);
	assert_int_equal(maps.list[1].end, 0x42f000);
	assert_int_equal(maps.list[1].offset, 0x4000);
	assert_int_equal(maps.list[2].start, 0x42f000);
	assert_int_equal(maps.list[2].offset, 0);
	maps_clear(&maps);
}

static void own_mappings_can_be_read_twice(void **state)
{
	struct maps maps = {0}, again = {0};
	FILE *f = fopen("/proc/self/maps", "re");
	const struct mapping *m;

	(void)state;
	assert_int_equal(maps_read(&maps, fileno(f)), 0);
	assert_int_equal(maps_read(&again, fileno(f)), 0);
	fclose(f);
	m = maps_find(&again, (uintptr_t)own_mappings_can_be_read_twice);
	assert_non_null(m);
	assert_true(m->executable && mapping_is_file(m));
	assert_string_equal(strrchr(m->path, '/'), "/test_symbol_maps");
	m = maps_find(&maps, (uintptr_t)&f);
	assert_string_equal(m->path, "[stack]");
	maps_clear(&maps);
	maps_clear(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_read),
		cmocka_unit_test(odd_names_are_kept),
		cmocka_unit_test(gaps_hold_nothing),
		cmocka_unit_test(what_is_no_mapping_is_refused),
		cmocka_unit_test(overlaps_are_cut),
		cmocka_unit_test(own_mappings_can_be_read_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
