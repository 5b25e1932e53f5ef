/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When is a difference one? Intervals against tables of statistics, and how often they err on numbers that do not differ.
 *
 * links: format/spread.c
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/spread.h"

#define MANY 4000
#define N_MAX 40

static struct spread of(size_t n, size_t n_other, double error, const double *values)
{
	double copy[N_MAX];

	memcpy(copy, values, n * sizeof *copy);
	return spread_of(copy, n, n_other, error);
}

static void assert_spread(struct spread s, double median, double low, double high)
{
	assert_true(fabs(s.median - median) < 1e-3);
	assert_true(fabs(s.low - low) < 1e-3);
	assert_true(fabs(s.high - high) < 1e-3);
}

static void test_one(void **state)
{
	(void)state;
	assert_spread(of(1, 1, 0, (double[]){7}), 7, 7, 7);
	assert_spread(of(1, 1, 2, (double[]){7}), 7, 5, 9);
	assert_spread(of(1, 9, 8, (double[]){7}), 7, 0, 15); /* no time is negative */
}

static void test_few(void **state)
{
	static const double five[] = {100, 101, 99, 102, 98};

	(void)state;
	assert_spread(of(5, 5, 0, five), 100, 100 - 1.9628, 100 + 1.9628);      /* 2.776 × 1.5811 / √5 */
	assert_spread(of(5, 1, 0, five), 100, 100 - 4.8080, 100 + 4.8080);      /* for one more: × √(1 + 1/5) */
	assert_spread(of(2, 2, 0, (double[]){102, 100}), 101, 101 - 12.706, 101 + 12.706); /* two tell little */
	assert_spread(of(3, 3, 0, (double[]){4, 4, 4}), 4, 4, 4);
}

/* Ranks of the 95 % interval of a median as tables have them: 1 of 6 … 8, 2 of 9 … 11, 3 of 12 … 14, 6 of 20, 10 of 30. */
static void test_ranks(void **state)
{
	static const size_t ranks[][2] = {{6, 1}, {8, 1}, {9, 2}, {11, 2}, {12, 3}, {14, 3}, {15, 4}, {20, 6}, {30, 10}};
	double values[N_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
		size_t n = ranks[i][0], rank = ranks[i][1];
		struct spread s;

		for (size_t k = 0; k < n; k++)
			values[k] = n - k; /* 1 … n, backwards */
		s = of(n, n, 0, values);
		assert_spread(s, (n + 1) / 2.0, rank, n + 1 - rank);
		s = of(n, 1, 0, values);
		assert_true(s.low <= 1 && s.high >= n); /* of one more: all that were seen, at least */
	}
}

/* One outlier among many is not a spread. */
static void test_outlier(void **state)
{
	double a[] = {100, 101, 100, 102, 101, 100, 101, 100, 102, 900}, b[] = {110, 111, 112, 110, 111, 110, 112, 111, 110, 111};
	struct delta d = delta_of(a, 10, 0, b, 10, 0);

	(void)state;
	assert_true(d.beyond);
	assert_true(delta_change(&d) > 9 && delta_change(&d) < 11);
	assert_true(delta_error(&d) < 3);
}

static double noise(void)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += rand() / (double)RAND_MAX;
	return sum - 6; /* nearly normal */
}

static double false_alarms(size_t n_a, size_t n_b, bool skewed)
{
	size_t alarms = 0;

	for (size_t round = 0; round < MANY; round++) {
		double a[N_MAX], b[N_MAX];

		for (size_t i = 0; i < n_a; i++)
			a[i] = skewed ? 100 + exp(noise()) : 100 + noise();
		for (size_t i = 0; i < n_b; i++)
			b[i] = skewed ? 100 + exp(noise()) : 100 + noise();
		alarms += delta_of(a, n_a, 0, b, n_b, 0).beyond;
	}
	return (double)alarms / MANY;
}

/* Requests that do not differ but by chance are hardly ever told to: below 3 %, a single one below 6 %; somewhat more
 * of skewed times. */
static void test_false_alarms(void **state)
{
	static const size_t sizes[][2] = {{2, 2}, {3, 3}, {5, 5}, {6, 6}, {9, 9}, {12, 20}, {3, 12}, {1, 3}, {1, 5}, {1, 9}, {1, 30}};

	(void)state;
	srand(3);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		double plain = false_alarms(sizes[i][0], sizes[i][1], false), skewed = false_alarms(sizes[i][0], sizes[i][1], true);

		printf("# %zu against %zu: %.2f %%, skewed %.2f %%\n", sizes[i][0], sizes[i][1], 100 * plain, 100 * skewed);
		assert_true(plain < (sizes[i][0] == 1 ? 0.06 : 0.03));
		assert_true(skewed < (sizes[i][0] == 1 ? 0.12 : 0.05));
	}
}

/* And a difference of three deviations is found by five requests a side nearly always. */
static void test_power(void **state)
{
	size_t found = 0;

	(void)state;
	srand(4);
	for (size_t round = 0; round < MANY; round++) {
		double a[5], b[5];

		for (size_t i = 0; i < 5; i++) {
			a[i] = 100 + noise();
			b[i] = 103 + noise();
		}
		found += delta_of(a, 5, 0, b, 5, 0).beyond;
	}
	printf("# three deviations, 5 against 5: found %.1f %%\n", 100.0 * found / MANY);
	assert_true(found > 0.7 * MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one), cmocka_unit_test(test_few), cmocka_unit_test(test_ranks), cmocka_unit_test(test_outlier),
		cmocka_unit_test(test_false_alarms), cmocka_unit_test(test_power),
	};

	return cmocka_run_group_tests_name("spread", tests, NULL, NULL);
}
