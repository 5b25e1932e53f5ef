/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What makes contexts that are no copies of the current one: by the type's slots and methods, and by symbols.
 * links: unwind/python_context.c unwind/code_scan.c unwind/fde_list.c unwind/frame_row.c unwind/cfa_program.c symbol/maps.c symbol/string_set.c
 * links: symbol/elf_symbols.c symbol/elf.c symbol/mapped.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "fake_memory.h"
#include "unwind/python_context.h"

#define BIAS (FAKE_START - 0x400000)
#define CODE FAKE_START                 /* mapped from 0x3000 of the file on */
#define OTHER_CODE (FAKE_START + 0x2000)
#define TYPE (FAKE_START + 0x4000)
#define METHODS (FAKE_START + 0x5000)
#define NAMES (FAKE_START + 0x6000)
#define METHOD 32

static struct fake_memory *fake;
static struct memory memory;
static struct mapping mappings[] = {
	{.start = CODE, .end = CODE + 0x1000, .offset = 0x3000, .executable = true},
	{.start = OTHER_CODE, .end = OTHER_CODE + 0x1000, .offset = 0x9000, .executable = true},
};
static struct maps maps = {.list = mappings, .n = ARRAY_LEN(mappings)};
static struct python_module module;
static struct python_runtime runtime;

static int setup(void **state)
{
	(void)state;
	fake = xcalloc(1, sizeof *fake);
	memory = fake_memory(fake);
	module = (struct python_module){.context_type = TYPE - BIAS};
	runtime = (struct python_runtime){.copy_context_mapping = {CODE, CODE + 0x1000}};
	fake_put(fake, NAMES, "get\0copy\0copycat", 16);
	fake_put_u64(fake, TYPE + 312, CODE + 0x100);
	fake_put_u64(fake, TYPE + 232, METHODS);
	fake_put_u64(fake, METHODS, NAMES);
	fake_put_u64(fake, METHODS + 8, CODE + 0x200);
	fake_put_u64(fake, METHODS + METHOD, NAMES + 9);
	fake_put_u64(fake, METHODS + METHOD + 8, CODE + 0x300);
	fake_put_u64(fake, METHODS + 2 * METHOD, NAMES + 4);
	fake_put_u64(fake, METHODS + 2 * METHOD + 8, CODE + 0x400);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(fake);
	return 0;
}

static void look(void)
{
	python_contexts_find(&maps, &memory, FAKE_PID, &module, BIAS, &runtime);
}

static void expect(uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
	const uint64_t expected[PYTHON_FRESH_CONTEXTS] = {first, second, third, fourth};

	look();
	assert_memory_equal(runtime.fresh_contexts, expected, sizeof expected);
}

static void of_the_type(void **state)
{
	static const uint8_t marked[] = {0xf3, 0x0f, 0x1e, 0xfa, 0x53, 0x90};

	(void)state;
	expect(0x3100, 0x3400, 0, 0);
	fake_put(fake, CODE + 0x400, marked, sizeof marked);
	expect(0x3100, 0x3404, 0, 0);
}

static void by_symbols(void **state)
{
	(void)state;
	module.new_context = CODE + 0x500 - BIAS;
	module.copy_of_context = CODE + 0x600 - BIAS;
	expect(0x3100, 0x3400, 0x3500, 0x3600);
	module.new_context = CODE + 0x100 - BIAS; /* the type's own */
	expect(0x3100, 0x3400, 0x3600, 0);
	module.context_type = 0;
	expect(0x3100, 0x3600, 0, 0);
}

static void elsewhere_or_nowhere(void **state)
{
	(void)state;
	fake_put_u64(fake, TYPE + 312, OTHER_CODE); /* where the probe of copies is not */
	expect(0x3400, 0, 0, 0);
	fake_put_u64(fake, TYPE + 312, 0);
	fake_put_u64(fake, METHODS + 2 * METHOD, UINT64_MAX);
	expect(0, 0, 0, 0);
	fake_put_u64(fake, METHODS + METHOD, 0); /* the table's end */
	fake_put_u64(fake, METHODS + 2 * METHOD, NAMES + 4);
	expect(0, 0, 0, 0);
	module.context_type = UINT64_MAX - BIAS - 8;
	expect(0, 0, 0, 0);
}

static void a_table_without_end(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++)
		fake_put_u64(fake, METHODS + i * METHOD, NAMES);
	fake->reads = 0;
	expect(0x3100, 0, 0, 0);
	assert_in_range(fake->reads, 1, 64);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(of_the_type), TEST(by_symbols), TEST(elsewhere_or_nowhere), TEST(a_table_without_end)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
