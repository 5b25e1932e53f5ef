/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an executable of nginx says of its requests: Debian's, whose offsets are known (catalog.c).
 * links: handler/nginx.c symbol/elf.c symbol/elf_symbols.c symbol/mapped.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "handler/nginx.h"

static struct elf_file *open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct elf_file *elf = fd >= 0 ? elf_file_open(fd) : NULL;

	if (fd >= 0)
		close(fd);
	assert_non_null(elf);
	return elf;
}

static void its_table_of_variables_says_where_members_are(void **state)
{
	struct elf_file *elf = open_file("/usr/sbin/nginx");
	struct nginx_layout layout;

	(void)state;
	assert_true(nginx_layout(elf, &layout));
	assert_int_equal(layout.request_line, 0x3e0);
	assert_int_equal(layout.status, 0x288);
	assert_int_equal(layout.query, 0x400);
	elf_file_close(elf);
}

static void other_programs_have_none(void **state)
{
	struct elf_file *elf = open_file("/proc/self/exe");
	struct nginx_layout layout;

	(void)state;
	assert_false(nginx_layout(elf, &layout));
	elf_file_close(elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_table_of_variables_says_where_members_are), cmocka_unit_test(other_programs_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
