/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a request's records mean when others may have done what they tell of.
 * links: capture/replay.c capture/record.c capture/stacks.c capture/claims.c capture/locks.c capture/gil.c capture/pool_threads.c
 * links: capture/await_feed.c capture/await_cause.c base/printable.c base/alloc.c base/log.c
 * links: profile/profile.c profile/own.c profile/check.c profile/builder.c profile/timeline.c profile/stolen.c profile/awaits.c
 * links: profile/shares.c profile/partition.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/names.h"
#include "capture/namer.h"
#include "capture/replay.h"

#define BEGIN 1000
#define READ  1100 /* the thread leaves the request that it has read */
#define END   2000
#define GROUP (RP_GROUP | 7)

static struct live_request q;

/* ---- what names stacks and locks: there are none -------------------------------------------------------------------------- */

int processes_maps(const struct processes *ps, int pid, bool before_exec)
{
	(void)ps, (void)pid, (void)before_exec;
	fail();
	return -1;
}

int32_t names_stack(struct namer *namer, struct profile *p, const struct symbol_stack *stack, struct name_faults *faults)
{
	(void)namer, (void)p, (void)stack, (void)faults;
	fail();
	return -1;
}

char *namer_data_name(struct namer *n, int pid, uint64_t address)
{
	(void)n, (void)pid, (void)address;
	fail();
	return NULL;
}

/* ---- what was seen --------------------------------------------------------------------------------------------------------- */

static int begin(void **state)
{
	(void)state;
	q = (struct live_request){.has_begin = true, .has_end = true, .profile = profile_new()};
	q.begin = (struct rp_begin){.h.t = BEGIN, .begin_ns = BEGIN};
	q.end = (struct rp_end){.h.t = END, .end_ns = END, .in_flight_max = 2, .contexts = 1};
	return 0;
}

static int end(void **state)
{
	(void)state;
	record_log_free(&q.log);
	profile_free(q.profile);
	return 0;
}

static void bind(uint32_t worker)
{
	struct record_bind *record = record_add(&q.log, RECORD_BIND);

	*record = (struct record_bind){.t = BEGIN, .worker = worker, .pid = 1, .tid = 1, .rung = 2, .comm = "python3"};
}

static void release(uint32_t worker, uint64_t t, uint32_t why, uint32_t task)
{
	struct record_release *record = record_add(&q.log, RECORD_RELEASE);

	*record = (struct record_release){.t = t, .worker = worker, .why = why, .task = task, .cpu_ns = t - BEGIN};
}

static void task(uint32_t number, bool unclaimed)
{
	struct record_task *record = record_add(&q.log, RECORD_TASK);

	*record = (struct record_task){.t = BEGIN, .number = number, .unclaimed = unclaimed};
	q.n_tasks += !unclaimed;
}

static void claimed(uint32_t number)
{
	struct record_task_claimed *record = record_add(&q.log, RECORD_TASK_CLAIMED);

	*record = (struct record_task_claimed){.t = END, .task = number};
	q.n_tasks++;
}

/* ---- what that means ------------------------------------------------------------------------------------------------------- */

static const struct time_split *replayed(void)
{
	replay_build(&q, NULL, q.profile, END);
	return &q.profile->time;
}

/* A thread that has read the request, whose only task awaits from then on. */
static void awaits(void)
{
	bind(0);
	task(1, false);
	release(0, READ, RP_RELEASE_CONTEXT, 0);
}

static void what_tasks_that_are_known_do_not_do_is_awaited(void **state)
{
	(void)state;
	awaits();
	assert_int_equal(replayed()->ambiguous_ns, 0);
}

static void of_a_group_that_was_never_heard_of_nothing_is_known(void **state)
{
	(void)state;
	awaits();
	q.end.h.task = 1; /* it had one: the event by which it joined was lost */
	assert_int_equal(replayed()->ambiguous_ns, END - READ);
}

static void of_a_group_with_too_much_nothing_is_known(void **state)
{
	(void)state;
	awaits();
	q.end.h.task = 1;
	q.group = GROUP;
	q.lacks_group = true;
	assert_int_equal(replayed()->ambiguous_ns, END - READ);
}

static void of_one_with_more_events_than_it_may_have_nothing_is_known(void **state)
{
	(void)state;
	awaits();
	q.end.capped = 1;
	assert_int_equal(replayed()->ambiguous_ns, END - READ);
}

/* A group's thread, in whose account at the end TASK runs; 3 has written the response. */
static uint64_t cpu_of_group(uint32_t running)
{
	q.end.h.task = 1;
	q.group = GROUP;
	bind(RP_MAX_WORKERS);
	task(3, true);
	claimed(3);
	release(RP_MAX_WORKERS, END, RP_RELEASE_END, running);
	return replayed()->classes_ns[TIME_cpu_user] + q.profile->time.classes_ns[TIME_cpu_kernel] + q.profile->time.classes_ns[TIME_unknown];
}

static void what_the_task_did_that_has_written_is_the_request_s(void **state)
{
	(void)state;
	assert_int_equal(cpu_of_group(3), END - BEGIN);
}

static void what_a_group_s_thread_did_for_nobody_is_nobody_s(void **state)
{
	(void)state;
	assert_int_equal(cpu_of_group(RP_TASK_NOBODYS), 0);
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(what_tasks_that_are_known_do_not_do_is_awaited), SCENE(of_a_group_that_was_never_heard_of_nothing_is_known),
		SCENE(of_a_group_with_too_much_nothing_is_known), SCENE(of_one_with_more_events_than_it_may_have_nothing_is_known),
		SCENE(what_the_task_did_that_has_written_is_the_request_s),
		SCENE(what_a_group_s_thread_did_for_nobody_is_nobody_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
