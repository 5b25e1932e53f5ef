/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The live line, what is told about losses, the summary.
 * links: capture/status.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/status.h"

static void live_line(void **state)
{
	uint64_t values[RP_COUNTER_ROWS * RP_COUNTER_ROW] = {
		[RP_COUNT_requests] = 1204, [RP_COUNT_in_flight] = 2, [RP_COUNT_refused_live] = 1, [RP_COUNT_refused_rate] = 2,
		[RP_COUNT_pipelined_refused] = 4,
	};
	_cleanup_free_ char *line = status_line(&(struct counters){.values = values}, &(struct tally){.written = 3});

	(void)state;
	assert_string_equal(line, "requests 1204 · in flight 2 · reports 3 · refused 7");
}

static void losses_grow(void **state)
{
	uint64_t values[RP_COUNTER_ROWS * RP_COUNTER_ROW] = {0};
	struct counters c = {.values = values};
	struct losses_said said = {0};

	(void)state;
	assert_null(status_losses(&c, &said));
	values[RP_COUNT_refused_live] = 1;
	_cleanup_free_ char *one = status_losses(&c, &said);
	assert_string_equal(one, "1 marked request refused: too many others were being recorded (--max-live raises it)");
	assert_null(status_losses(&c, &said));
	values[RP_COUNT_refused_live] = 3;
	values[RP_COUNT_refused_rate] = 5;
	_cleanup_free_ char *more = status_losses(&c, &said);
	assert_string_equal(more, "2 marked requests refused: too many others were being recorded (--max-live raises it); "
				  "5 marked requests refused: too many in this time (--max-rate raises it)");
	assert_null(status_losses(&c, &said));
}

/* Of a handler that is not where it should be every call is counted: that would be a line a second. */
static void what_happens_always_is_said_once(void **state)
{
	uint64_t values[RP_COUNTER_ROWS * RP_COUNTER_ROW] = {[RP_COUNT_handler_differs] = 1};
	struct counters c = {.values = values};
	struct losses_said said = {0};
	_cleanup_free_ char *first = status_losses(&c, &said);

	(void)state;
	assert_non_null(strstr(first, "1 call: of a handler, not reported: "));
	values[RP_COUNT_handler_differs] = 4;
	assert_null(status_losses(&c, &said));
	said.last = true;
	_cleanup_free_ char *last = status_losses(&c, &said);
	assert_non_null(strstr(last, "3 calls: of a handler, not reported: "));
}

static void summary(void **state)
{
	uint64_t values[RP_COUNTER_ROWS * RP_COUNTER_ROW] = {[RP_COUNT_requests] = 1};
	struct counters c = {.values = values};
	_cleanup_free_ char *quiet = status_summary(&c, &(struct tally){.written = 2});
	struct tally t = {.written = 1, .failed = 1, .unwritten = 2, .incomplete = 1, .bad_events = 3};

	(void)state;
	assert_string_equal(quiet, "2 reports written, 1 request seen");
	values[RP_COUNT_refused_rate] = 4;
	values[RP_COUNT_events_dropped] = 9;
	_cleanup_free_ char *loud = status_summary(&c, &t);
	assert_string_equal(loud, "1 report written, 1 report could not be written, 2 requests not written, "
				  "1 request lost with the event of its begin, 4 marked requests refused, 1 request seen, 9 events lost, "
				  "3 events not understood");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(live_line), cmocka_unit_test(losses_grow), cmocka_unit_test(what_happens_always_is_said_once), cmocka_unit_test(summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
