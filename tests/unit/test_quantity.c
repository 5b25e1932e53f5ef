/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * links: cmd/quantity.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/quantity.h"

static uint64_t duration(const char *s, uint64_t bare)
{
	uint64_t ns = 0;

	if (quantity_duration(s, bare, &ns))
		fail_msg("%s was refused", s);
	return ns;
}

static void test_durations(void **state)
{
	(void)state;
	assert_int_equal(duration("100us", 0), 100000);
	assert_int_equal(duration("100µs", 0), 100000);
	assert_int_equal(duration("1ms", 0), 1000000);
	assert_int_equal(duration("60s", 0), 60000000000ULL);
	assert_int_equal(duration("5m", 0), 300000000000ULL);
	assert_int_equal(duration("1h", 0), 3600000000000ULL);
	assert_int_equal(duration("250ns", 0), 250);
}

static void test_fractions(void **state)
{
	(void)state;
	assert_int_equal(duration("1.5ms", 0), 1500000);
	assert_int_equal(duration("0.25s", 0), 250000000);
	assert_int_equal(duration("0.1", NS_PER_S), 100000000);
	assert_int_equal(duration("2.000000001s", 0), 2000000001);
}

static void test_bare(void **state)
{
	uint64_t ns;

	(void)state;
	assert_int_equal(duration("90", NS_PER_S), 90 * NS_PER_S);
	assert_int_equal(duration("0", NS_PER_S), 0);
	assert_int_equal(quantity_duration("90", 0, &ns), -EINVAL);
}

static void test_no_durations(void **state)
{
	static const char *const wrong[] = {"", "s", "-1s", "+1s", " 1s", "1 s", "1sec", "1.s", "1..5s", "1.5.5s", "0x10ms", "1e3ms", "1S"};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (quantity_duration(wrong[i], NS_PER_S, &ns) != -EINVAL)
			fail_msg("\"%s\" was taken", wrong[i]);
}

static void test_huge(void **state)
{
	uint64_t ns;

	(void)state;
	assert_int_equal(quantity_duration("18446744073709551616ns", 0, &ns), -ERANGE);
	assert_int_equal(quantity_duration("18446744073709551615h", 0, &ns), -ERANGE);
	assert_int_equal(duration("18446744073709551615ns", 0), UINT64_MAX);
}

static void test_numbers(void **state)
{
	uint64_t n = 0;

	(void)state;
	assert_int_equal(quantity_number("1", 1, 65535, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(quantity_number("65535", 1, 65535, &n), 0);
	assert_int_equal(n, 65535);
	assert_int_equal(quantity_number("0", 1, 65535, &n), -ERANGE);
	assert_int_equal(quantity_number("65536", 1, 65535, &n), -ERANGE);
	assert_int_equal(quantity_number("99999999999999999999", 1, UINT64_MAX, &n), -ERANGE);
	assert_int_equal(quantity_number("12x", 1, 65535, &n), -EINVAL);
	assert_int_equal(quantity_number("-1", 0, UINT64_MAX, &n), -EINVAL);
	assert_int_equal(quantity_number("", 0, 9, &n), -EINVAL);
}

static void test_rates(void **state)
{
	struct rate r;

	(void)state;
	assert_int_equal(quantity_rate("60/m", &r), 0);
	assert_int_equal(r.count, 60);
	assert_int_equal(r.period_ns, 60 * NS_PER_S);
	assert_int_equal(quantity_rate("5/s", &r), 0);
	assert_int_equal(r.period_ns, NS_PER_S);
	assert_int_equal(quantity_rate("1000/h", &r), 0);
	assert_int_equal(r.period_ns, 3600 * NS_PER_S);
	assert_int_equal(quantity_rate("0", &r), 0);
	assert_int_equal(r.period_ns, 0);
}

static void test_no_rates(void **state)
{
	static const char *const wrong[] = {"", "60", "/m", "60/", "60/d", "60/ms", "60m", "60/mm", "-1/s", "1.5/s"};
	struct rate r;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (quantity_rate(wrong[i], &r) != -EINVAL)
			fail_msg("\"%s\" was taken", wrong[i]);
	assert_int_equal(quantity_rate("0/s", &r), -ERANGE);
	assert_int_equal(quantity_rate("4294967296/s", &r), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_fractions),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_no_durations),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_no_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
