/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names as their language writes them, and hostile ones within bounds.
 *
 * links: symbol/demangle.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "symbol/demangle.h"

static const struct {
	const char *mangled, *expected;
} names[] = {
	{"main", "main"},
	{"", ""},
	{"_", "_"},
	{"_Z", "_Z"},
	{"_Zmain", "_Zmain"},
	{"_start", "_start"},
	{"memcpy@@GLIBC_2.14", "memcpy"},
	{"@GLIBC_2.14", "@GLIBC_2.14"},
	{"compute.isra.0", "compute.isra.0"},
	{"_Z3foov", "foo"},
	{"_Z3foov@@LIB_1", "foo"},
	{"_ZN3foo3barIiEEvT_", "foo::bar<int>"},
	{"_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back"},
	{"_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()"},
	{"_ZN9__gnu_cxx13new_allocatorIcED2Ev", "__gnu_cxx::new_allocator<char>::~new_allocator"},
	{"_ZNK3foocvbEv", "foo::operator bool"},
	{"_ZThn8_N3foo3barEv", "non-virtual thunk to foo::bar()"},
	{"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
	{"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.1234", "core::fmt::Formatter::pad"},
	{"_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE",
	 "<alloc::string::String as core::fmt::Display>::fmt"},
	{"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
	{"_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"},
	{"_RNvXs_CsL_4coreNtB4_3FooNtB4_3Bar3baz", "<core::Foo as core::Bar>::baz"},
	{"_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>"},
};

static void names_are_readable(void **state)
{
	struct demangled d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_string_equal(demangle(names[i].mangled, strlen(names[i].mangled), &d), names[i].expected);
		assert_string_equal(demangle(names[i].mangled, SIZE_MAX, &d), names[i].expected);
	}
}

static void a_name_ends_at_its_length(void **state)
{
	struct demangled d;

	(void)state;
	assert_string_equal(demangle("mainXYZ", 4, &d), "main");
	assert_string_equal(demangle("_Z3foovXYZ", 7, &d), "foo");
	assert_string_equal(demangle("ma\0in", 5, &d), "ma");
}

static void long_names_are_cut(void **state)
{
	char *name = malloc(10000); /* exactly as large: reads beyond it are seen */
	struct demangled d;

	(void)state;
	memset(name, 'x', 10000);
	assert_int_equal(strlen(demangle(name, 10000, &d)), DEMANGLED_MAX);
	assert_string_equal(d.text + DEMANGLED_MAX - 3, "…");
	assert_int_equal(strlen(demangle(name, DEMANGLED_MAX, &d)), DEMANGLED_MAX);
	assert_string_equal(d.text + DEMANGLED_MAX - 3, "xxx");
	memcpy(name, "_ZN", 3);
	assert_memory_equal(demangle(name, 10000, &d), "_ZNxxx", 6);
	free(name);
}

/* "é" is never cut in half. */
static void cut_names_stay_utf8(void **state)
{
	struct demangled d;
	char name[2001];

	(void)state;
	for (int shift = 0; shift < 2; shift++) {
		memset(name, 'x', sizeof name);
		for (size_t i = shift; i + 1 < sizeof name; i += 2)
			memcpy(name + i, "é", 2);
		demangle(name, sizeof name, &d);
		assert_true(strlen(d.text) >= DEMANGLED_MAX - 1);
		assert_memory_equal(d.text + strlen(d.text) - 5, "é…", 5);
	}
}

/* f<a, b<a, a>, b<that, that>, b<that, that> …>: 30 times twice as long, by substitutions S0_ (a), S1_ (b), S2_ (b<a, a>) … */
static void small_names_that_grow_are_cut(void **state)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char name[1024] = "_Z1fI1a1bIS0_S0_E";
	struct demangled d;

	(void)state;
	for (int i = 0; i < 30; i++)
		sprintf(name + strlen(name), "S1_IS%c_S%c_E", digits[i + 2], digits[i + 2]);
	strcat(name, "Evv");
	assert_memory_equal(demangle(name, strlen(name), &d), "f<a, b<a, a>, b<b<a, a>, b<a, a> >, b<b<b<a, a>", 47);
	assert_string_equal(d.text + strlen(d.text) - 3, "…");
	assert_true(strlen(d.text) >= DEMANGLED_MAX - 3);
}

static void random_names_do_no_harm(void **state)
{
	static const char alphabet[] = "_ZRNvICsSTtKPEFiLXJDpcvB0123456789abh$.u";
	unsigned int seed = 1;
	struct demangled d;
	char name[200];

	(void)state;
	for (int round = 0; round < 200000; round++) {
		size_t n = 2 + rand_r(&seed) % 100;

		memcpy(name, round & 1 ? "_Z" : "_R", 2);
		for (size_t i = 2; i < n; i++)
			name[i] = alphabet[rand_r(&seed) % (sizeof alphabet - 1)];
		assert_true(strlen(demangle(name, n, &d)) <= DEMANGLED_MAX);
	}
}

/* Deep nesting: the library's own limit stops it before the stack ends. */
static void nested_names_do_no_harm(void **state)
{
	static const char *const units[] = {"P", "F", "N", "I", "L", "X", "Dp", "S_", "T_", "INv", "T", "KR", "cv", "1aI"};
	char name[DEMANGLE_INPUT_MAX - 1];
	struct demangled d;

	(void)state;
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		for (int rust = 0; rust < 2; rust++) {
			size_t n = strlen(units[u]);

			memcpy(name, rust ? "_RINvC1a1b" : "_Z1f", rust ? 10 : 4);
			for (size_t at = rust ? 10 : 4; at < sizeof name; at++)
				name[at] = units[u][(at - (rust ? 10 : 4)) % n];
			assert_true(strlen(demangle(name, sizeof name, &d)) <= DEMANGLED_MAX);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_readable),
		cmocka_unit_test(a_name_ends_at_its_length),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(cut_names_stay_utf8),
		cmocka_unit_test(small_names_that_grow_are_cut),
		cmocka_unit_test(random_names_do_no_harm),
		cmocka_unit_test(nested_names_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
