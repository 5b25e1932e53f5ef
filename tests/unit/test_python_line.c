/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Line tables of CPython's versions: tables as compilers of each version write them, and as they should not be.
 * links: symbol/python_line.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "symbol/python_line.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void lnotab(void **state)
{
	const uint8_t table[] = {0, 1, 8, 1, 6, 0xfe /* −2 */, 255, 0, 45, 127, 0, 127, 2, 1};

	(void)state;
	assert_int_equal(python_line(0x0308, table, sizeof table, 10, 0), 11);
	assert_int_equal(python_line(0x0308, table, sizeof table, 10, 7), 11);
	assert_int_equal(python_line(0x0308, table, sizeof table, 10, 8), 12);
	assert_int_equal(python_line(0x0309, table, sizeof table, 10, 14), 10);
	assert_int_equal(python_line(0x0309, table, sizeof table, 10, 14 + 299), 10);
	assert_int_equal(python_line(0x0309, table, sizeof table, 10, 14 + 300), 264);
	assert_int_equal(python_line(0x0309, table, sizeof table, 10, 100000), 265);
	assert_int_equal(python_line(0x0309, table, sizeof table, 10, PYTHON_LINE_BEFORE), 10);
	assert_int_equal(python_line(0x0309, table, 0, 10, 4), 10);
	assert_int_equal(python_line(0x0309, table, 1, 10, 4), 10); /* half a pair */
}

static void ranges(void **state)
{
	const uint8_t table[] = {4, 1, 2, 128, 6, 2, 0, 127, 4, 0xff /* −1 */};

	(void)state;
	assert_int_equal(python_line(0x030a, table, sizeof table, 1, 0), 2);
	assert_int_equal(python_line(0x030a, table, sizeof table, 1, 3), 2);
	assert_int_equal(python_line(0x030a, table, sizeof table, 1, 4), 2); /* it has none: the one before */
	assert_int_equal(python_line(0x030a, table, sizeof table, 1, 6), 4);
	assert_int_equal(python_line(0x030a, table, sizeof table, 1, 12), 130);
	assert_int_equal(python_line(0x030a, table, sizeof table, 1, 16), 0); /* behind the end */
	assert_int_equal(python_line(0x030a, table, sizeof table, 1, PYTHON_LINE_BEFORE), 1);
}

/* Each kind once: short, one line with columns, two lines on, none, signed without columns, long. */
static void locations(void **state)
{
	const uint8_t table[] = {
		0x80, 0x11,                                     /* kind 0, 1 unit: line + 0 */
		0x80 | 10 << 3 | 1, 3, 9,                       /* 2 units: + 0 */
		0x80 | 12 << 3 | 0, 3, 9,                       /* + 2 */
		0x80 | 15 << 3 | 7,                             /* 8 units without a line */
		0x80 | 13 << 3 | 0, 0x07,                       /* − 3 */
		0x80 | 14 << 3 | 0, 0x48, 0x03, 1, 0x42, 3, 4,  /* + 100 */
	};

	(void)state;
	assert_int_equal(python_line(0x030b, table, sizeof table, 20, 0), 20);
	assert_int_equal(python_line(0x030b, table, sizeof table, 20, 2), 20);
	assert_int_equal(python_line(0x030b, table, sizeof table, 20, 5), 20);
	assert_int_equal(python_line(0x030c, table, sizeof table, 20, 6), 22);
	assert_int_equal(python_line(0x030c, table, sizeof table, 20, 8), 22);
	assert_int_equal(python_line(0x030c, table, sizeof table, 20, 23), 22);
	assert_int_equal(python_line(0x030d, table, sizeof table, 20, 24), 19);
	assert_int_equal(python_line(0x030e, table, sizeof table, 20, 26), 119);
	assert_int_equal(python_line(0x030e, table, sizeof table, 20, 28), 0);
	assert_int_equal(python_line(0x030e, table, sizeof table, 20, PYTHON_LINE_BEFORE), 20);
}

/* As CPython 3.10 and 3.11 compile it: cells are made and the generator returned before there is a line, and cleaned up after. */
static void instructions_without_a_line(void **state)
{
	const uint8_t ranges[] = {4, 128, 6, 3, 2, 128, 4, 0xfe /* −2 */};
	const uint8_t locations[] = {0xf8, 0xf8, 0xe8, 0x00, 0xe8, 0x00, 0x80, 0x00, 0xd8, 0x0b, 0x10, 0xf0, 0x04, 0x05, 0x09, 0x20, 0xf8, 0xf8};

	(void)state;
	for (uint32_t instr = 0; instr < 4; instr += 2)
		assert_int_equal(python_line(0x030a, ranges, sizeof ranges, 45, instr), 45);
	assert_int_equal(python_line(0x030a, ranges, sizeof ranges, 45, 10), 48);
	assert_int_equal(python_line(0x030a, ranges, sizeof ranges, 45, 12), 46); /* counted from the last line that there was */
	for (uint32_t instr = 0; instr < 10; instr += 2)
		assert_int_equal(python_line(0x030b, locations, sizeof locations, 147, instr), 147);
	assert_int_equal(python_line(0x030b, locations, sizeof locations, 147, 10), 148);
	assert_int_equal(python_line(0x030b, locations, sizeof locations, 147, 14), 150);
	assert_int_equal(python_line(0x030b, locations, sizeof locations, 147, 16), 150);
	assert_int_equal(python_line(0x030b, locations, sizeof locations, 147, 18), 0); /* behind the end */
}

static void nonsense(void **state)
{
	uint8_t all[600];

	(void)state;
	assert_int_equal(python_line(0x030b, BYTES(0x80 | 14 << 3), 5, 0), 5);          /* cut off in the entry */
	assert_int_equal(python_line(0x030b, BYTES(0x80 | 13 << 3, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f), 5, 0), 0);
	assert_int_equal(python_line(0x030b, BYTES(0x80 | 13 << 3, 0x15), 5, 0), 0);    /* a line below 1 */
	assert_int_equal(python_line(0x030b, BYTES(0x80, 0x7f, 0x7f, 0x80, 0), 5, 2), 5); /* bytes that belong to no entry */
	assert_int_equal(python_line(0x030a, BYTES(2, 0x81), 1, 0), 0);
	assert_int_equal(python_line(0x0309, BYTES(0, 0x80, 0, 0x80), 1, 0), 0);
	assert_int_equal(python_line(0x0309, BYTES(0, 127), INT32_MAX, 0), 0);
	for (int byte = 0; byte < 256; byte++) {
		memset(all, byte, sizeof all);
		for (uint16_t version = 0x0308; version <= 0x030f; version++)
			assert_true(python_line(version, all, sizeof all, 1000, 500) <= INT32_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lnotab),
		cmocka_unit_test(ranges),
		cmocka_unit_test(locations),
		cmocka_unit_test(instructions_without_a_line),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
