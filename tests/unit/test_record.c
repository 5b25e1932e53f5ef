/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The log of a request: order, content, many chunks.
 * links: capture/record.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/record.h"

#define N 20000

static void empty(void **state)
{
	struct record_log log = {0};
	struct record_cursor cursor = {0};
	enum record_kind kind;

	(void)state;
	assert_null(record_next(&log, &cursor, &kind));
	assert_null(record_next(&log, &cursor, &kind));
	record_log_free(&log);
}

static void add(struct record_log *log, uint32_t i)
{
	if (i % 3) {
		struct record_tick *tick = record_add(log, RECORD_TICK);

		assert_true(!tick->t && !tick->stack);
		tick->t = i;
	} else {
		struct record_wait *wait = record_add(log, RECORD_WAIT);

		assert_true(!wait->out_ns && !wait->object);
		wait->in_ns = i;
		wait->waker_tid = -1;
	}
}

static void order(void **state)
{
	struct record_log log = {0};
	struct record_cursor cursor = {0};
	enum record_kind kind;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		add(&log, i);
	for (uint32_t i = 0; i < N; i++) {
		const void *record = record_next(&log, &cursor, &kind);

		assert_non_null(record);
		assert_int_equal(kind, i % 3 ? RECORD_TICK : RECORD_WAIT);
		assert_true((i % 3 ? ((const struct record_tick *)record)->t : ((const struct record_wait *)record)->in_ns) == i);
	}
	assert_null(record_next(&log, &cursor, &kind));
	record_log_free(&log);
	assert_null(log.first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(empty), cmocka_unit_test(order)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
