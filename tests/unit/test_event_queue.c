/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records in their order, whatever their sizes, and where they stay.
 * links: capture/event_queue.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "capture/event_queue.h"

#define RECORDS 5000

static char bytes[1 << 20];

/* Some do not fit into what is left of a chunk, one in none. */
static size_t size_of(size_t i)
{
	return i == 77 ? sizeof bytes : 1 + i * 31 % 3000;
}

static void add(struct event_queue *q, size_t i)
{
	memset(bytes, (int)(i % 251), size_of(i));
	event_queue_add(q, bytes, size_of(i));
}

static void expect(struct event_queue *q, size_t i)
{
	size_t size = 0;
	const unsigned char *record = event_queue_next(q, &size);

	assert_non_null(record);
	assert_int_equal((uintptr_t)record % 8, 0);
	assert_int_equal(size, size_of(i));
	assert_int_equal(record[0], i % 251);
	assert_int_equal(record[size - 1], i % 251);
}

static void all_then_all(void **state)
{
	struct event_queue q = {0};
	size_t size, sum = 0;

	(void)state;
	assert_null(event_queue_next(&q, &size));
	for (size_t i = 0; i < RECORDS; i++) {
		add(&q, i);
		sum += size_of(i);
	}
	assert_int_equal(q.bytes, sum);
	for (size_t i = 0; i < RECORDS; i++)
		expect(&q, i);
	assert_null(event_queue_next(&q, &size));
	assert_int_equal(q.bytes, 0);
	event_queue_clear(&q);
}

static void in_turns(void **state)
{
	struct event_queue q = {0};
	size_t in = 0, out = 0, size;

	(void)state;
	while (out < RECORDS) {
		for (size_t n = in % 7 + 1; n > 0 && in < RECORDS; n--)
			add(&q, in++);
		for (size_t n = out % 5 + 1; n > 0 && out < in; n--)
			expect(&q, out++);
	}
	assert_null(event_queue_next(&q, &size));
	event_queue_clear(&q);
}

/* The record that is being handled is not moved by those that come meanwhile. */
static void stays(void **state)
{
	struct event_queue q = {0};
	const unsigned char *record;
	size_t size;

	(void)state;
	add(&q, 5);
	record = event_queue_next(&q, &size);
	for (size_t i = 6; i < RECORDS; i++)
		add(&q, i);
	assert_int_equal(size, size_of(5));
	assert_int_equal(record[0], 5);
	assert_int_equal(record[size - 1], 5);
	event_queue_clear(&q); /* the rest is not read */
	assert_null(event_queue_next(&q, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_then_all), cmocka_unit_test(in_turns), cmocka_unit_test(stays)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
