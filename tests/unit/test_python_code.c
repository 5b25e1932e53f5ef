/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Code objects of CPython in memory that is what it should be, that is not, and that changes while it is read. Strings: test_python_string.c.
 * links: unwind/python_code.c unwind/python_copy.c unwind/python_versions.c
 * links: symbol/python_string.c symbol/python_line.c symbol/python_package.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "memory_fixture.h"
#include "symbol/python_package.h"
#include "symbol/python_string.h"
#include "unwind/python_code.h"
#include "unwind/python_versions.h"

#define CODE (FAKE_START + 0x1000)
#define NAME (FAKE_START + 0x2000)
#define QUALIFIED (FAKE_START + 0x3000)
#define FILE_NAME (FAKE_START + 0x4000)
#define LINES (FAKE_START + 0x5000)
#define FIRST_LINE 7
#define MORE 0x1234

static char text[PYTHON_STRING_MAX + 1];

/* ---- code objects ----------------------------------------------------------------------------------------------------------- */

static struct rp_python python;
static struct rp_python_frame frame;
static struct python_code_place place;

static uint32_t check_of(uint64_t function)
{
	return rp_python_check(&(struct rp_python_identity){
		.file_name = FILE_NAME, .function = function, .line_table = LINES, .more = {MORE, MORE + 1, MORE + 2, MORE + 3}, .first_line = FIRST_LINE,
	});
}

static void put_code(uint16_t version)
{
	static const uint8_t lnotab[] = {0, 1, 4, 2}, ranges[] = {4, 1, 4, 2}, locations[] = {0x80 | 11 << 3 | 1, 0, 0, 0x80 | 12 << 3 | 1, 0, 0};

	assert_true(python_version_find(version, &python));
	fake_put_u64(fake, CODE + python.code_file_name, FILE_NAME);
	fake_put_u64(fake, CODE + python.code_name, NAME);
	if (python.code_qualified_name != RP_PYTHON_NONE)
		fake_put_u64(fake, CODE + python.code_qualified_name, QUALIFIED);
	fake_put_u64(fake, CODE + python.code_line_table, LINES);
	fake_put_u32(fake, CODE + python.code_first_line, FIRST_LINE);
	fake_put_ascii(fake, NAME, version, "name");
	fake_put_ascii(fake, QUALIFIED, version, "Class.name");
	fake_put_ascii(fake, FILE_NAME, version, "/usr/lib/python3.9/json/decoder.py");
	if (version < 0x030a)
		fake_put_bytes(fake, LINES, lnotab, sizeof lnotab);
	else if (version == 0x030a)
		fake_put_bytes(fake, LINES, ranges, sizeof ranges);
	else
		fake_put_bytes(fake, LINES, locations, sizeof locations);
	for (size_t i = 0; i < RP_PYTHON_CODE_MORE; i++)
		fake_put_u64(fake, CODE + rp_python_code_more[i], MORE + i);
	frame = (struct rp_python_frame){.code = CODE, .instr = RP_PYTHON_ENTRY | 4, .check = check_of(version < 0x030b ? NAME : QUALIFIED)};
}

static void code_of_all_versions(void **state)
{
	(void)state;
	for (uint16_t version = 0x0308; version <= 0x030f; version++) {
		struct python_codes *codes = python_codes_new();

		put_code(version);
		assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
		assert_string_equal(place.function, version < 0x030b ? "name" : "Class.name");
		assert_string_equal(place.file, "/usr/lib/python3.9/json/decoder.py");
		assert_string_equal(place.package, "json");
		assert_int_equal(place.line, FIRST_LINE + 3);
		assert_int_equal(place.first_line, FIRST_LINE);
		frame.instr = RP_PYTHON_NO_INSTR | RP_PYTHON_GENERATOR;
		assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
		assert_int_equal(place.line, FIRST_LINE);
		python_codes_free(codes);
	}
}

static void code_is_read_once(void **state)
{
	struct python_codes *codes = python_codes_new();
	unsigned int reads;

	(void)state;
	put_code(0x030b);
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
	reads = fake->reads;
	memset(fake->bytes, 0xff, sizeof fake->bytes); /* it is gone, what was read stays */
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
	assert_string_equal(place.function, "Class.name");
	assert_int_equal(fake->reads, reads);
	python_codes_forget(codes, FAKE_PID + 1);
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
	python_codes_forget(codes, FAKE_PID);
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -ESTALE);
	python_codes_free(codes);
}

static void another_one_is_there(void **state)
{
	struct python_codes *codes = python_codes_new();

	(void)state;
	put_code(0x030c);
	fake_put_u32(fake, CODE + python.code_first_line, FIRST_LINE + 1);
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -ESTALE);
	assert_string_equal(place.function, "<code gone>");
	assert_null(place.file);
	assert_null(place.package);
	assert_int_equal(place.line, 0);
	python_codes_free(codes);
}

/* Made in the same way, its parts have the addresses that the other one's had; but one. */
static void another_one_that_is_much_the_same(void **state)
{
	(void)state;
	for (uint16_t version = 0x0308; version <= 0x030f; version++) {
		struct python_codes *codes = python_codes_new();

		put_code(version);
		for (size_t i = 0; i < RP_PYTHON_CODE_MORE; i++) {
			fake_put_u64(fake, CODE + rp_python_code_more[i], MORE + 100);
			assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -ESTALE);
			fake_put_u64(fake, CODE + rp_python_code_more[i], MORE + i);
		}
		fake_put_u64(fake, CODE + rp_python_function_name(&python), FILE_NAME);
		assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -ESTALE);
		put_code(version);
		assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
		python_codes_free(codes);
	}
}

static void becomes_another(struct fake_memory *f, uint64_t address)
{
	if (address == FILE_NAME)
		fake_put_u64(f, CODE + python.code_qualified_name, NAME);
}

static void another_one_comes_while_it_is_read(void **state)
{
	struct python_codes *codes = python_codes_new();

	(void)state;
	put_code(0x030d);
	fake->before = becomes_another;
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -ESTALE);
	python_codes_free(codes);
}

static void code_that_is_nonsense(void **state)
{
	struct python_codes *codes = python_codes_new();

	(void)state;
	put_code(0x030b);
	fake_put_u64(fake, LINES + 16, PYTHON_BYTES_MAX + 1);
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -EBADMSG);
	assert_string_equal(place.function, "<code not readable>");
	fake_put_u64(fake, LINES + 16, 1ULL << 63);
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -EBADMSG);
	fake_put_u64(fake, LINES + 16, 0);
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
	assert_int_equal(place.line, 0);
	frame.code = FAKE_START + FAKE_SIZE - 8;
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -EFAULT);
	frame.code = 0;
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -EFAULT);
	frame.code = UINT64_MAX;
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -EFAULT);
	python.code_line_table = 1 << 19;
	frame.code = CODE;
	frame.check++;
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -EINVAL);
	python_codes_free(codes);
}

/* At the end of what is mapped: nothing behind it is asked for. */
static void objects_at_the_end_of_a_mapping(void **state)
{
	uint64_t end = FAKE_START + FAKE_SIZE;
	struct python_codes *codes = python_codes_new();

	(void)state;
	fake_put_ascii(fake, end - 56, 0x030b, "the end"); /* 48 bytes and its characters */
	assert_int_equal(python_string_read(&memory, FAKE_PID, 0x030b, end - 56, text), 0);
	assert_string_equal(text, "the end");
	fake_put_ascii(fake, end - 40, 0x030c, "");
	assert_int_equal(python_string_read(&memory, FAKE_PID, 0x030c, end - 40, text), 0);
	assert_string_equal(text, "");
	put_code(0x0308);
	frame.code = end - 128;
	memcpy(fake->bytes + FAKE_SIZE - 128, fake->bytes + (CODE - FAKE_START), 128);
	assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
	assert_string_equal(place.function, "name");
	python_codes_free(codes);
}

/* ---- copies of code objects ------------------------------------------------------------------------------------------------- */

static struct {
	struct rp_python_code code;
	uint8_t bytes[3 * MEMORY_PAGE];
} copy;

/* As the kernel side makes it, `size` bytes of each part, or all. */
static void add_part(unsigned int part, uint64_t address, size_t size, size_t max)
{
	size_t n = size < max ? size : max;

	copy.code.parts[part] = address;
	copy.code.len[part] = n;
	copy.code.h.flags |= (n == size) << part;
	memcpy(copy.bytes + copy.code.h.len - sizeof copy.code, fake->bytes + (address - FAKE_START), n);
	copy.code.h.len += n;
}

static void make_copy(size_t text_max, size_t lines_max)
{
	copy.code = (struct rp_python_code){.h.len = sizeof copy.code, .frame = frame, .first_line = FIRST_LINE};
	copy.code.frame.instr = RP_PYTHON_NO_INSTR;
	if (python.code_qualified_name == RP_PYTHON_NONE)
		add_part(RP_CODE_FUNCTION, NAME, python.string_ascii + strlen("name"), text_max);
	else
		add_part(RP_CODE_FUNCTION, QUALIFIED, python.string_ascii + strlen("Class.name"), text_max);
	add_part(RP_CODE_FILE, FILE_NAME, python.string_ascii + strlen("/usr/lib/python3.9/json/decoder.py"), text_max);
	add_part(RP_CODE_LINES, LINES, 32 + (python.version < 0x030b ? 4 : 6), lines_max);
}

static int take_copy(struct python_codes *codes)
{
	return python_code_take(codes, &memory, FAKE_PID, &python, &copy.code, copy.bytes);
}

static void copies_of_code_that_is_gone(void **state)
{
	(void)state;
	for (uint16_t version = 0x0308; version <= 0x030f; version++) {
		struct python_codes *codes = python_codes_new();

		put_code(version);
		make_copy(RP_CODE_TEXT_MAX, RP_CODE_LINES_MAX);
		memset(fake->bytes, 0xff, sizeof fake->bytes);
		fake->reads = 0;
		assert_int_equal(take_copy(codes), 0);
		assert_int_equal(take_copy(codes), 0); /* it is known already */
		assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
		assert_int_equal(fake->reads, 0);
		assert_string_equal(place.function, version < 0x030b ? "name" : "Class.name");
		assert_string_equal(place.file, "/usr/lib/python3.9/json/decoder.py");
		assert_string_equal(place.package, "json");
		assert_int_equal(place.line, FIRST_LINE + 3);
		assert_int_equal(place.first_line, FIRST_LINE);
		python_codes_free(codes);
	}
}

/* What is missing is read, if it is that object's. */
static void copies_that_are_cut(void **state)
{
	static const struct {
		size_t text_max, lines_max;
	} cases[] = {{50, 512}, {512, 34}, {50, 34}, {0, 512}, {512, 0}, {20, 20}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct python_codes *codes = python_codes_new();

		put_code(0x030b);
		make_copy(cases[i].text_max, cases[i].lines_max);
		assert_int_equal(take_copy(codes), 0);
		assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), 0);
		assert_string_equal(place.function, "Class.name");
		assert_string_equal(place.file, "/usr/lib/python3.9/json/decoder.py");
		assert_int_equal(place.line, FIRST_LINE + 3);
		python_codes_free(codes);
		codes = python_codes_new();
		fake_put_u64(fake, CODE + rp_python_code_more[0], 0);
		assert_int_equal(take_copy(codes), -ESTALE);
		assert_int_equal(python_code_find(codes, &memory, FAKE_PID, &python, &frame, &place), -ESTALE);
		python_codes_free(codes);
	}
}

/* ---- packages --------------------------------------------------------------------------------------------------------------- */

static void packages(void **state)
{
	static const struct {
		const char *file, *package;
	} cases[] = {
		{"/app/venv/lib/python3.11/site-packages/fastapi/routing.py", "fastapi"},
		{"/usr/lib/python3/dist-packages/uvicorn/main.py", "uvicorn"},
		{"/usr/lib/python3/dist-packages/six.py", "six"},
		{"/x/site-packages/foo-1.0-py3.11.egg/foo/bar.py", "foo"},
		{"/usr/lib/python3.11/json/encoder.py", "json"},
		{"/usr/lib64/python3.9/queue.py", "queue"},
		{"/opt/lib/python3.13/lib-dynload/x.py", "lib-dynload"},
		{"<frozen importlib._bootstrap>", "importlib"},
		{"<frozen runpy>", "runpy"},
		{"<frozen >", NULL},
		{"<string>", NULL},
		{"", NULL},
		{"/app/main.py", NULL},
		{"/srv/me/python3.11/app.py", NULL},
		{"/usr/lib/python3./x.py", NULL},
		{"/usr/lib/python3.11", NULL},
		{"/usr/lib/python3.11/", NULL},
		{"/x/site-packages/", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *package = python_package(cases[i].file);

		if (cases[i].package)
			assert_string_equal(package, cases[i].package);
		else
			assert_null(package);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(code_of_all_versions, setup, teardown),
		cmocka_unit_test_setup_teardown(code_is_read_once, setup, teardown),
		cmocka_unit_test_setup_teardown(another_one_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(another_one_that_is_much_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(copies_of_code_that_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(copies_that_are_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(another_one_comes_while_it_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(code_that_is_nonsense, setup, teardown),
		cmocka_unit_test_setup_teardown(objects_at_the_end_of_a_mapping, setup, teardown),
		cmocka_unit_test(packages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
