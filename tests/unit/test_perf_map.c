/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of generated code: lines as programs write them, and as they should not; a map that grows.
 * links: symbol/perf_map.c symbol/jit_names.c symbol/asked.c symbol/mapped.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "symbol/jit_names.h"
#include "symbol/perf_map.h"

static const char *find(const struct perf_map *map, uint64_t address)
{
	uint64_t start;
	const char *name = perf_map_find(map, address, &start);

	return name ? name : "";
}

static void lines(void **state)
{
	static const char text[] = "1000 10 first\n"
				   "0x2000 0x20 LazyCompile:~handle /app/server.js:3:5\n"
				   "7FFF00001000 8 upper case\n"
				   "3000 0 empty\n"
				   "3000 10\n"
				   "3010 10 \n"
				   "zz 10 no number\n"
				   "ffffffffffffffff 10 around the end\n"
				   "11112222333344445 1 too long a number\n"
				   "\n"
				   "4000 10 torn";
	struct perf_map *map = perf_map_parse(text, sizeof text - 1);

	(void)state;
	assert_string_equal(find(map, 0xfff), "");
	assert_string_equal(find(map, 0x1000), "first");
	assert_string_equal(find(map, 0x100f), "first");
	assert_string_equal(find(map, 0x1010), "");
	assert_string_equal(find(map, 0x201f), "LazyCompile:~handle /app/server.js:3:5");
	assert_string_equal(find(map, 0x7fff00001000), "upper case");
	assert_string_equal(find(map, 0x3000), "");
	assert_string_equal(find(map, 0x3010), "");
	assert_string_equal(find(map, UINT64_MAX), "");
	assert_string_equal(find(map, 0x4000), "");
	assert_string_equal(find(map, 0), "");
	perf_map_free(map);
}

/* Memory is used again: the later line counts, wherever it begins. */
static void later_lines_win(void **state)
{
	static const char text[] = "1000 100 old\n1040 10 inner\n1000 20 new\n2000 10 small\n1f00 200 around\n";
	struct perf_map *map = perf_map_parse(text, sizeof text - 1);

	(void)state;
	assert_string_equal(find(map, 0x1000), "new");
	assert_string_equal(find(map, 0x1030), ""); /* what was there is overwritten at its begin */
	assert_string_equal(find(map, 0x1048), "inner");
	assert_string_equal(find(map, 0x2008), "around");
	perf_map_free(map);
}

static void long_names_are_cut(void **state)
{
	char *text = xcalloc(5000, 1);
	struct perf_map *map;

	(void)state;
	memset(text, 'x', 4999);
	memcpy(text, "10 10 ", 6);
	text[4999] = '\n';
	map = perf_map_parse(text, 5000);
	assert_int_equal(strlen(find(map, 0x10)), PERF_MAP_NAME_MAX);
	perf_map_free(map);
	free(text);
	map = perf_map_parse("", 0);
	assert_string_equal(find(map, 0x10), "");
	perf_map_free(map);
}

/* ---- the map of a process ------------------------------------------------------------------------------------------- */

static int map_fd, opened;

static int open_perf_map(void *ctx, int pid)
{
	(void)ctx;
	opened++;
	return pid == 42 ? dup(map_fd) : -ENOENT;
}

static void append(const char *text)
{
	assert_int_equal(write(map_fd, text, strlen(text)), strlen(text));
}

static void a_map_is_read_again_when_it_has_grown(void **state)
{
	const struct symbol_source source = {.open_perf_map = open_perf_map};
	const struct asked here = {.source = &source, .pid = 42}, other = {.source = &source, .pid = 43};
	struct jit_names *names = NULL;

	(void)state;
	map_fd = memfd_create("map", MFD_CLOEXEC);
	append("1000 10 first\n");
	assert_string_equal(jit_name(&names, &here, 0x1008), "first");
	assert_null(jit_name(&names, &here, 0x2000));
	assert_null(jit_name(&names, &other, 0x1000));
	append("2000 10 second\n");
	assert_int_equal(opened, 2); /* not asked for at every question */
	usleep(150000);
	assert_string_equal(jit_name(&names, &here, 0x2000), "second");
	assert_int_equal(opened, 3);
	jit_names_forget(&names, 42);
	assert_string_equal(jit_name(&names, &here, 0x1000), "first");
	jit_names_clear(&names);
	close(map_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(later_lines_win),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(a_map_is_read_again_when_it_has_grown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
