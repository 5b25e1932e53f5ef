/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hostile bytes for a terminal.
 * links: base/printable.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "base/printable.h"

static void escapes(void **state)
{
	static const struct {
		const char *bytes, *shown;
	} rows[] = {
		{"/a?b=…", "/a?b=…"},
		{"tab\tnl\n", "tab\\x09nl\\x0a"},
		{"\033]0;title\007", "\\x1b]0;title\\x07"},
		{"del\x7f", "del\\x7f"},
		{"csi\xc2\x9b", "csi\\xc2\\x9b"},
		{"bare\xff\xc3", "bare\\xff\\xc3"},
		{"overlong\xc0\xaf", "overlong\\xc0\\xaf"},
		{"surrogate\xed\xa0\x80", "surrogate\\xed\\xa0\\x80"},
		{"bidi\xe2\x80\xae", "bidi\\xe2\\x80\\xae"},
		{"line\xe2\x80\xa8", "line\\xe2\\x80\\xa8"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_free_ char *got = printable(rows[i].bytes, strlen(rows[i].bytes), 0);

		assert_string_equal(got, rows[i].shown);
	}
}

static void cuts(void **state)
{
	static const struct {
		const char *bytes;
		size_t columns;
		const char *shown;
	} rows[] = {
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abcde…"},
		{"äöüäöü", 6, "äöüäöü"},
		{"äöüäöüä", 6, "äöüäö…"},
		{"abc\ndef", 6, "abc…"},
		{"abcd", 1, "…"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_free_ char *got = printable(rows[i].bytes, strlen(rows[i].bytes), rows[i].columns);

		assert_string_equal(got, rows[i].shown);
	}
}

static void not_terminated(void **state)
{
	static const char bytes[] = {'a', (char)0xe2, (char)0x80, '\0'};
	_cleanup_free_ char *got = printable(bytes, 4, 0);

	(void)state;
	assert_string_equal(got, "a\\xe2\\x80\\x00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(escapes), cmocka_unit_test(cuts), cmocka_unit_test(not_terminated)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
