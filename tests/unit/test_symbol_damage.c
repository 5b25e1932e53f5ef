/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names and lines from one ELF file that has no sections, is cut off or damaged, is none at all, or shrinks or changes while it is read.
 *
 * links: symbol/symbol_file.c symbol/symbols.c symbol/lines.c symbol/ranges.c symbol/elf.c symbol/mapped.c symbol/debug_file.c symbol/debuginfod.c
 */
/* links: symbol/function_start.c symbol/asked.c symbol/demangle.c symbol/string_set.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "symbol_fixture.h"

struct bytes {
	char *data;
	size_t size;
};

static struct bytes read_fixture(const char *name)
{
	struct bytes b = {.size = 0};
	int fd = fixture_open(name);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	b.data = xcalloc(st.st_size, 1);
	b.size = st.st_size;
	assert_int_equal(read(fd, b.data, b.size), b.size);
	close(fd);
	return b;
}

static int write_file(const char *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_int_equal(write(fd, data, size), size);
	return fd;
}

static void without_sections_nothing_is_known(void **state)
{
	struct bytes b = read_fixture("inlined.so");
	Elf64_Ehdr *header = (Elf64_Ehdr *)b.data;
	struct symbol_file *f;
	struct places p;

	(void)state;
	header->e_shoff = header->e_shnum = header->e_shstrndx = 0;
	f = open_descriptor(write_file(b.data, b.size));
	assert_non_null(f);
	debug_name = NULL;
	p = symbol_file_find(f, &asked, value_of("inlined.so", "plain"));
	assert_int_equal(p.n, 1);
	assert_place(&p.list[0], NULL, 0, false);
	assert_true(symbol_file_elf(f)->n_segments > 0);
	assert_int_equal(symbol_file_elf(f)->build_id_len, 20);
	symbol_file_free(f);
	free(b.data);
}

/* Ask everything of a file that may be anything. */
static void ask_all(struct symbol_file *f)
{
	if (!f)
		return;
	debug_name = NULL;
	for (uint64_t address = 0x10000; address < 0x100e0; address += 7) {
		struct places p = symbol_file_find(f, &asked, address);

		assert_in_range(p.n, 1, 32);
	}
	symbol_file_find(f, &asked, UINT64_MAX);
	free(symbol_file_data_name(f, &asked, 0x11000));
	elf_file_segment(symbol_file_elf(f), 0x1000, true);
	symbol_file_free(f);
}

static void cut_off_files_cost_only_their_names(void **state)
{
	static const char *const names[] = {"inlined.so", "symbols.so", "inlined.debug", "inlined.compressed"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct bytes b = read_fixture(names[i]);

		for (size_t size = 0; size < b.size; size += 97)
			ask_all(open_descriptor(write_file(b.data, size)));
		free(b.data);
	}
}

/* Most damage goes to the headers and tables, where it does most. */
static void damage(struct bytes *b, unsigned int *seed)
{
	for (int n = 1 + rand_r(seed) % 8; n > 0; n--) {
		size_t at = rand_r(seed) % (rand_r(seed) % 3 ? b->size : 1024);
		static const uint8_t extreme[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe};

		if (rand_r(seed) % 4 == 0)
			at = b->size - 1 - rand_r(seed) % 2048;
		b->data[at] = rand_r(seed) % 2 ? rand_r(seed) : extreme[rand_r(seed) % sizeof extreme];
	}
}

static void damaged_files_cost_only_their_names(void **state)
{
	static const char *const names[] = {"inlined.so", "symbols.so", "inlined.debug", "inlined.compressed"};
	unsigned int seed = 20240229;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct bytes whole = read_fixture(names[i]), b = {.data = xcalloc(whole.size, 1), .size = whole.size};

		for (int round = 0; round < 2000; round++) {
			memcpy(b.data, whole.data, whole.size);
			damage(&b, &seed);
			ask_all(open_descriptor(write_file(b.data, b.size)));
		}
		free(whole.data);
		free(b.data);
	}
}

static void what_is_no_elf_file_is_refused(void **state)
{
	_cleanup_free_ char *zeros = xcalloc(8192, 1);
	int ends[2];

	(void)state;
	assert_null(open_descriptor(write_file("", 0)));
	assert_null(open_descriptor(write_file("#!/bin/sh\n", 10)));
	assert_null(open_descriptor(write_file(zeros, 8192)));
	assert_null(open_descriptor(write_file("!<arch>\n", 8)));
	assert_int_equal(pipe(ends), 0);
	assert_null(open_descriptor(ends[0]));
	close(ends[1]);
}

/* Its owner may do that at any time; pages that are gone must not end the process. */
static void a_file_may_shrink_while_it_is_read(void **state)
{
	struct bytes b = read_fixture("inlined.so");

	(void)state;
	for (size_t left = 0; left < b.size; left += 4096) {
		int fd = write_file(b.data, b.size);
		struct elf_file *elf = elf_file_open(fd);

		assert_non_null(elf);
		assert_false(elf_file_changed(elf));
		assert_int_equal(ftruncate(fd, left), 0);
		assert_int_equal(elf_file_changed(elf), left == 0);
		close(fd);
		ask_all(symbol_file_new(elf, NULL));
	}
	free(b.data);
}

static void an_overwritten_file_is_noticed(void **state)
{
	struct bytes b = read_fixture("inlined.so");
	int fd = write_file(b.data, b.size);
	struct elf_file *elf = elf_file_open(fd);

	(void)state;
	b.data[100] ^= 1;
	assert_int_equal(pwrite(fd, b.data, b.size, 0), b.size);
	assert_true(elf_file_changed(elf));
	elf_file_close(elf);
	close(fd);
	free(b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_sections_nothing_is_known),
		cmocka_unit_test(cut_off_files_cost_only_their_names),
		cmocka_unit_test(damaged_files_cost_only_their_names),
		cmocka_unit_test(what_is_no_elf_file_is_refused),
		cmocka_unit_test(a_file_may_shrink_while_it_is_read),
		cmocka_unit_test(an_overwritten_file_is_noticed),
	};

	return cmocka_run_group_tests(tests, make_fixtures, remove_fixtures);
}
