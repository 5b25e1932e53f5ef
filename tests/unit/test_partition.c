/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The partition of the wall time, against hand-made cases and against a brute-force count of every nanosecond.
 *
 * links: profile/partition.c base/alloc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile/partition.h"

static uint64_t sum(const uint64_t classes[N_TIME_CLASSES])
{
	uint64_t total = 0;

	for (int i = 0; i < N_TIME_CLASSES; i++)
		total += classes[i];
	return total;
}

static void nothing_is_unknown(void **state)
{
	uint64_t classes[N_TIME_CLASSES];

	(void)state;
	partition_spans(NULL, 0, 17, classes);
	assert_int_equal(classes[TIME_unknown], 17);
	assert_int_equal(sum(classes), 17);
	partition_spans(NULL, 0, 0, classes);
	assert_int_equal(sum(classes), 0);
}

static void the_first_class_in_order_counts(void **state)
{
	struct span spans[] = {{0, 60, TIME_network}, {40, 80, TIME_run_queue}, {50, 55, TIME_cpu_user}, {90, 90, TIME_lock}, {95, 93, TIME_disk}};
	uint64_t classes[N_TIME_CLASSES];

	(void)state;
	partition_spans(spans, 5, 100, classes);
	assert_int_equal(classes[TIME_network], 40);
	assert_int_equal(classes[TIME_cpu_user], 5);
	assert_int_equal(classes[TIME_run_queue], 35);
	assert_int_equal(classes[TIME_unknown], 20);
	assert_int_equal(classes[TIME_lock] + classes[TIME_disk], 0);
}

static void every_nanosecond_is_counted_once(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 5000; round++) {
		uint64_t wall = 1 + rand() % 60, classes[N_TIME_CLASSES], wanted[N_TIME_CLASSES] = {0};
		struct span spans[8];
		size_t n = rand() % 9;

		for (size_t i = 0; i < n; i++) {
			uint64_t a = rand() % (wall + 1), b = rand() % (wall + 1);

			spans[i] = (struct span){a < b ? a : b, a < b ? b : a, rand() % N_TIME_CLASSES};
		}
		for (uint64_t t = 0; t < wall; t++) {
			enum time_class class = TIME_unknown;

			for (size_t i = 0; i < n; i++)
				if (spans[i].begin <= t && t < spans[i].end && spans[i].class < class)
					class = spans[i].class;
			wanted[class]++;
		}
		partition_spans(spans, n, wall, classes);
		assert_memory_equal(classes, wanted, sizeof wanted);
	}
}

static void the_cpu_is_split_without_remainder(void **state)
{
	(void)state;
	srand(2);
	for (int round = 0; round < 5000; round++) {
		uint64_t classes[N_TIME_CLASSES] = {[TIME_cpu_user] = (uint64_t)rand() * rand(), [TIME_disk] = 5}, before = sum(classes);

		partition_cpu(classes, rand() % 1000, rand() % 1000, rand() % 10);
		assert_int_equal(sum(classes), before);
		assert_int_equal(classes[TIME_disk], 5);
	}
}

static void shares_follow_the_weights(void **state)
{
	uint64_t classes[N_TIME_CLASSES] = {[TIME_cpu_user] = 100}, huge[N_TIME_CLASSES] = {[TIME_cpu_user] = UINT64_MAX};

	(void)state;
	partition_cpu(classes, 3, 1, 0);
	assert_int_equal(classes[TIME_cpu_user], 75);
	assert_int_equal(classes[TIME_cpu_kernel], 25);
	partition_cpu(huge, UINT64_MAX, UINT64_MAX, 0);
	assert_int_equal(huge[TIME_cpu_kernel], UINT64_MAX / 2);
	assert_int_equal(huge[TIME_cpu_user], UINT64_MAX - UINT64_MAX / 2);
}

static void without_weights_it_stays_user_time(void **state)
{
	uint64_t classes[N_TIME_CLASSES] = {[TIME_cpu_user] = 100};

	(void)state;
	partition_cpu(classes, 0, 0, 0);
	assert_int_equal(classes[TIME_cpu_user], 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_unknown),
		cmocka_unit_test(the_first_class_in_order_counts),
		cmocka_unit_test(every_nanosecond_is_counted_once),
		cmocka_unit_test(the_cpu_is_split_without_remainder),
		cmocka_unit_test(shares_follow_the_weights),
		cmocka_unit_test(without_weights_it_stays_user_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
