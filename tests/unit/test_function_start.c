/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where functions begin: this program's own, by its call frame information; and nothing by a table that is not as linkers write it.
 *
 * links: symbol/function_start.c symbol/elf.c symbol/mapped.c base/alloc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbol/function_start.h"

__attribute__((noinline)) static int some_function(int n)
{
	return n > 1 ? n * some_function(n - 1) : 1;
}

static int take_bias(struct dl_phdr_info *info, size_t size, void *bias)
{
	(void)size;
	*(uint64_t *)bias = info->dlpi_addr;
	return 1;
}

static uint64_t address_of_function(void)
{
	uint64_t bias;

	dl_iterate_phdr(take_bias, &bias);
	return (uint64_t)(uintptr_t)some_function - bias;
}

struct image {
	uint8_t *bytes;
	size_t size;
};

static struct image read_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct image image;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	image = (struct image){malloc(st.st_size), st.st_size};
	assert_int_equal(pread(fd, image.bytes, image.size, 0), st.st_size);
	close(fd);
	return image;
}

static uint8_t *header_of(const struct image *image)
{
	struct elf_file *elf = elf_file_from_memory(image->bytes, image->size);
	uint64_t offset = 0;
	GElf_Phdr p;

	for (int i = 0; gelf_getphdr(elf->elf, i, &p); i++)
		if (p.p_type == PT_GNU_EH_FRAME)
			offset = p.p_offset;
	elf_file_close(elf);
	assert_int_not_equal(offset, 0);
	return image->bytes + offset;
}

static uint64_t start_in(const struct image *image, uint64_t address)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct elf_file *elf;
	uint64_t start;

	assert_int_equal(write(fd, image->bytes, image->size), image->size);
	elf = elf_file_open(fd);
	close(fd);
	start = function_start(elf, address);
	elf_file_close(elf);
	return start;
}

static void test_own(void **state)
{
	struct image image = read_self();
	uint64_t address = address_of_function();

	(void)state;
	assert_int_equal(some_function(4), 24);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(start_in(&image, address + i), address);
	assert_int_not_equal(start_in(&image, address - 1), address);
	assert_int_equal(start_in(&image, 1), 1);
	assert_int_equal(start_in(&image, UINT64_MAX), UINT64_MAX);
	free(image.bytes);
}

/* Version, encodings, number of rows. */
static void test_damaged(void **state)
{
	uint64_t address = address_of_function() + 1;

	(void)state;
	for (int at = 0; at < 4; at++) {
		struct image image = read_self();

		header_of(&image)[at] ^= 2;
		assert_int_equal(start_in(&image, address), address);
		free(image.bytes);
	}
	for (uint32_t n = 0; n <= 1; n++) {
		struct image image = read_self();
		uint32_t rows = n ? UINT32_MAX : 0;

		memcpy(header_of(&image) + 8, &rows, sizeof rows);
		assert_int_equal(start_in(&image, address), address);
		free(image.bytes);
	}
}

/* Rows that lead to other entries than their functions'. */
static void test_wrong_entries(void **state)
{
	uint64_t address = address_of_function() + 1;
	struct image image = read_self();
	uint8_t *header = header_of(&image);
	uint32_t n;

	(void)state;
	assert_int_equal(start_in(&image, address), address - 1);
	memcpy(&n, header + 8, sizeof n);
	for (uint32_t i = 0; i < n; i++)
		header[12 + 8 * i + 4] ^= 4;
	assert_int_equal(start_in(&image, address), address);
	free(image.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own), cmocka_unit_test(test_damaged), cmocka_unit_test(test_wrong_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
