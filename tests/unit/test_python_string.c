/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strings of CPython in memory that is what it should be, and that is not.
 * links: symbol/python_string.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "memory_fixture.h"
#include "symbol/python_string.h"

#define NAME (FAKE_START + 0x2000)
#define FILE_NAME (FAKE_START + 0x4000)

static char text[PYTHON_STRING_MAX + 1];

static int read_string(uint16_t version)
{
	return python_string_read(&memory, FAKE_PID, version, NAME, text);
}

static void strings_of_all_kinds(void **state)
{
	static const uint16_t versions[] = {0x0308, 0x0309, 0x030a, 0x030b, 0x030c, 0x030d, 0x030e, 0x030f};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		fake_put_ascii(fake, NAME, versions[i], "plain");
		assert_int_equal(read_string(versions[i]), 0);
		assert_string_equal(text, "plain");
		fake_put_string(fake, NAME, versions[i], "caf\xe9", 4, 1, 0);
		assert_int_equal(read_string(versions[i]), 0);
		assert_string_equal(text, "café");
		fake_put_string(fake, NAME, versions[i], u"a名\xdcff", 3, 2, 0);
		assert_int_equal(read_string(versions[i]), 0);
		assert_string_equal(text, "a名\xef\xbf\xbd");
		fake_put_string(fake, NAME, versions[i], U"😀\x0z\x110000", 4, 4, 0);
		assert_int_equal(read_string(versions[i]), 0);
		assert_string_equal(text, "😀\xef\xbf\xbdz\xef\xbf\xbd");
	}
}

/* The characters elsewhere. */
static void strings_that_are_not_compact(void **state)
{
	(void)state;
	fake_put_u64(fake, NAME + 16, 4);
	fake_put_u32(fake, NAME + 32, 1 << 2);
	fake_put_u64(fake, NAME + 72, FILE_NAME);
	fake_put(fake, FILE_NAME, "\xe9tat", 4);
	assert_int_equal(read_string(0x030b), 0);
	assert_string_equal(text, "état");
	fake_put_u64(fake, NAME + 56, FAKE_START - 8);
	assert_int_equal(read_string(0x030c), -EFAULT);
	fake_put_u64(fake, NAME + 56, UINT64_MAX - 2);
	assert_int_equal(read_string(0x030c), -EFAULT);
}

static void strings_are_cut(void **state)
{
	uint16_t wide[PYTHON_STRING_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wide); i++)
		wide[i] = 0x540d;
	fake_put_string(fake, NAME, 0x030b, wide, ARRAY_LEN(wide), 2, 0);
	assert_int_equal(read_string(0x030b), 0);
	assert_int_equal(strlen(text), PYTHON_STRING_MAX / 3 * 3);
	fake_put_u64(fake, NAME + 16, 1000000); /* only the begin of what it says is read */
	assert_int_equal(read_string(0x030b), 0);
	assert_int_equal(strlen(text), PYTHON_STRING_MAX / 3 * 3);
	fake->reads = 0;
	fake_put_ascii(fake, NAME, 0x030b, "short");
	assert_int_equal(read_string(0x030b), 0);
	assert_int_equal(fake->reads, 1);
}

static void what_is_no_string(void **state)
{
	(void)state;
	fake_put_ascii(fake, NAME, 0x030b, "good");
	fake_put_u64(fake, NAME + 16, 1ULL << 63);
	assert_int_equal(read_string(0x030b), -EBADMSG);
	fake_put_u64(fake, NAME + 16, 1ULL << 40);
	assert_int_equal(read_string(0x030b), -EBADMSG);
	fake_put_u64(fake, NAME + 16, 4);
	for (unsigned int kind = 0; kind < 8; kind++) {
		fake_put_u32(fake, NAME + 32, kind << 2 | 1 << 5);
		assert_int_equal(read_string(0x030b), kind == 1 || kind == 2 || kind == 4 ? 0 : -EBADMSG);
	}
	fake_put_u32(fake, NAME + 32, 2 << 2 | 3 << 5); /* ASCII of two bytes */
	assert_int_equal(read_string(0x030b), -EBADMSG);
	assert_int_equal(python_string_read(&memory, FAKE_PID, 0x030b, NAME + 4, text), -EBADMSG);
	assert_int_equal(python_string_read(&memory, FAKE_PID, 0x030b, 0, text), -EFAULT);
	assert_int_equal(python_string_read(&memory, FAKE_PID, 0x030b, UINT64_MAX - 7, text), -EFAULT);
	assert_int_equal(python_string_read(&memory, FAKE_PID, 0x030b, FAKE_START + FAKE_SIZE - 32, text), -EFAULT);
	assert_int_equal(python_string_read(&memory, FAKE_PID + 1, 0x030b, NAME, text), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(strings_of_all_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(strings_that_are_not_compact, setup, teardown),
		cmocka_unit_test_setup_teardown(strings_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_string, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
