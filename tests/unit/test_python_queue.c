/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where SimpleQueue.put() is: in its own module or in the interpreter, by the table of its methods.
 * links: unwind/python_queue.c unwind/code_scan.c unwind/fde_list.c unwind/frame_row.c unwind/cfa_program.c symbol/maps.c symbol/string_set.c
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
#include "unwind/python_queue.h"

#define CODE FAKE_START                 /* mapped from 0x3000 of the file on */
#define CONSTANTS (FAKE_START + 0x2000)
#define DATA (FAKE_START + 0x4000)      /* more than a block of it */
#define DATA_END (FAKE_START + 0x20000)
#define FUNCTION (CODE + 0x120)
#define DOC "put($self, /, item, block=True, timeout=None)\n--\n\n"

static struct fake_memory *fake;
static struct memory memory;
static struct mapping mappings[3];
static struct maps maps = {.list = mappings, .n = ARRAY_LEN(mappings)};
static struct python_runtime runtime;

static int setup(void **state)
{
	static const char path[] = "/usr/lib/python3.11/lib-dynload/_queue.cpython-311-x86_64-linux-gnu.so";
	static const uint8_t push[] = {0x41, 0x54, 0x55, 0x53};

	(void)state;
	fake = xcalloc(1, sizeof *fake);
	memory = fake_memory(fake);
	runtime = (struct python_runtime){0};
	mappings[0] = (struct mapping){.start = CODE, .end = CODE + 0x1000, .offset = 0x3000, .inode = 7, .path = path, .executable = true};
	mappings[1] = (struct mapping){.start = CONSTANTS, .end = CONSTANTS + 0x1000, .inode = 7, .path = path};
	mappings[2] = (struct mapping){.start = DATA, .end = DATA_END, .inode = 7, .path = path, .writable = true};
	fake_put(fake, FUNCTION, push, sizeof push);
	fake_put(fake, CONSTANTS + 0x10, "put", 4);
	fake_put(fake, CONSTANTS + 0x20, "put_nowait", 11);
	fake_put(fake, CONSTANTS + 0x100, DOC, sizeof DOC);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(fake);
	return 0;
}

static void put_method(uint64_t at, uint64_t name, uint64_t function, uint32_t flags, uint64_t doc)
{
	fake_put_u64(fake, at, name);
	fake_put_u64(fake, at + 8, function);
	fake_put_u32(fake, at + 16, flags);
	fake_put_u64(fake, at + 24, doc);
}

static bool found(void)
{
	return python_queue_find(&maps, &memory, FAKE_PID, &runtime);
}

static void in_its_module(void **state)
{
	(void)state;
	assert_false(found());
	for (uint64_t at = DATA; at < DATA + 0x12000; at += 0x7fd8) { /* also where blocks meet */
		put_method(at, CONSTANTS + 0x10, FUNCTION, 0x82, CONSTANTS + 0x100);
		assert_true(found());
		assert_int_equal(runtime.queue_put, 0x3120);
		assert_int_equal(runtime.queue_put_mapping.start, CODE);
		assert_int_equal(runtime.queue_put_mapping.end, CODE + 0x1000);
		put_method(at, 0, 0, 0, 0);
	}
	put_method(DATA_END - 32, CONSTANTS + 0x10, FUNCTION, 0x82, CONSTANTS + 0x100);
	assert_true(found());
}

static void in_the_interpreter(void **state)
{
	(void)state;
	for (size_t i = 0; i < maps.n; i++)
		mappings[i].path = "/usr/bin/python3.11";
	put_method(DATA + 0x88, CONSTANTS + 0x10, FUNCTION, 0x82, CONSTANTS + 0x100);
	assert_false(found()); /* it is not known where that is */
	runtime.copy_context_mapping.start = CODE;
	assert_true(found());
}

/* Hundreds of reads each time, of what does not change. */
static void the_interpreter_is_looked_through_once(void **state)
{
	unsigned int reads;

	(void)state;
	for (size_t i = 0; i < maps.n; i++)
		mappings[i].path = "/usr/bin/python3.11";
	runtime.copy_context_mapping.start = CODE;
	assert_false(found());
	reads = fake->reads;
	assert_true(reads);
	assert_false(found());
	assert_int_equal(fake->reads, reads);
	mappings[1].path = "/usr/lib/python3.11/lib-dynload/_queue.cpython-311-x86_64-linux-gnu.so";
	assert_false(found());
	assert_true(fake->reads > reads);
	put_method(DATA, CONSTANTS + 0x10, FUNCTION, 0x82, CONSTANTS + 0x100);
	assert_true(found());
}

static void behind_a_branch_mark(void **state)
{
	static const uint8_t marked[] = {0xf3, 0x0f, 0x1e, 0xfa, 0x53, 0x90}, moved[] = {0x48, 0x89, 0xd6, 0x53, 0x90};

	(void)state;
	put_method(DATA, CONSTANTS + 0x10, FUNCTION, 0x82, CONSTANTS + 0x100);
	fake_put(fake, FUNCTION, marked, sizeof marked);
	assert_true(found());
	assert_int_equal(runtime.queue_put, 0x3124);
	fake_put(fake, FUNCTION, moved, sizeof moved);
	assert_true(found());
	assert_int_equal(runtime.queue_put, 0x3120);
}

static void others(void **state)
{
	(void)state;
	put_method(DATA + 0x20, CONSTANTS + 0x20, FUNCTION, 0x82, CONSTANTS + 0x100);   /* another name */
	put_method(DATA + 0x40, CONSTANTS + 0x10, FUNCTION, 0x01, CONSTANTS + 0x100);   /* other arguments */
	put_method(DATA + 0x60, CONSTANTS + 0x10, DATA, 0x82, CONSTANTS + 0x100);       /* no code */
	put_method(DATA + 0x80, CONSTANTS + 0x10, FUNCTION, 0x82, CONSTANTS + 0x10);    /* another description */
	put_method(DATA + 0xa0, CODE - 64, FUNCTION, 0x82, UINT64_MAX);                 /* nowhere */
	assert_false(found());
	assert_int_equal(runtime.queue_put, 0);
	mappings[2].inode = 8; /* of another file */
	put_method(DATA, CONSTANTS + 0x10, FUNCTION, 0x82, CONSTANTS + 0x100);
	assert_false(found());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_its_module), TEST(in_the_interpreter), TEST(the_interpreter_is_looked_through_once), TEST(behind_a_branch_mark), TEST(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
