/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a request's threads and tasks did for it, and what for others: threads that are released, shared or made, and accounts with gaps.
 *
 * links: profile/builder.c profile/timeline.c profile/stolen.c profile/awaits.c profile/shares.c profile/partition.c profile/profile.c
 * links: profile/check.c base/alloc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "builder_scene.h"
#include "profile/builder.h"

static void after_an_event_wait_the_rest_is_ambiguous(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_release(s->b, READER, &(struct seen_release){.t = BEGIN + 30, .why = RELEASED_EVENT_WAIT, .cpu_ns = 30, .waits = 0});
	builder_tick(s->b, READER, BEGIN + 50, -1, 0, 0);
	wait_for(s, READER, 0, BEGIN + 60, BEGIN + 70, BEGIN + 70, 60, TIME_network);
	finish(s, BEGIN + 100);
	assert_int_equal(classes(s)[TIME_cpu_user], 30);
	assert_int_equal(classes(s)[TIME_unknown], 70);
	assert_int_equal(s->p->time.ambiguous_ns, 70);
	assert_int_equal(s->p->work.n_waits, 0);
	assert_int_equal(s->p->lost.waits, 0);
}

static void an_exit_leaves_nothing_ambiguous(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_release(s->b, READER, &(struct seen_release){.t = BEGIN + 30, .why = RELEASED_EXIT, .cpu_ns = 30, .waits = 0});
	finish(s, BEGIN + 100);
	assert_int_equal(classes(s)[TIME_unknown], 70);
	assert_int_equal(s->p->time.ambiguous_ns, 0);
}

static void a_shared_thread_binds_nothing(void **state)
{
	struct scene *s = *state;

	builder_begin(s->b, BEGIN, BEGIN, 0, true);
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->time.ambiguous_ns, 100);
	assert_int_equal(s->p->work.n_threads, 0);
}

static void cloned_threads_count_while_they_run(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_bind(s->b, 1, BEGIN + 10, 10, 11, "helper", 1, true);
	wait_for(s, READER, 0, BEGIN + 10, BEGIN + 90, BEGIN + 90, 10, TIME_lock);
	builder_wait(s->b, 1, &(struct seen_wait){
		.out_ns = BEGIN + 10, .woken_ns = BEGIN + 10, .in_ns = BEGIN + 20, .preempted = true, .runnable_class = TIME_run_queue, .stack = -1,
	});
	builder_release(s->b, 1, &(struct seen_release){.t = BEGIN + 80, .why = RELEASED_EXIT, .cpu_ns = 60, .waits = 1});
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->work.n_threads, 2);
	assert_int_equal(s->p->work.threads[1].cpu_ns, 60);
	assert_int_equal(classes(s)[TIME_cpu_user], 10 + 60 + 10);
	assert_int_equal(classes(s)[TIME_run_queue], 10);
	assert_int_equal(classes(s)[TIME_lock], 10);
}

static void lost_waits_are_not_taken_for_cpu_time(void **state)
{
	struct scene *s = *state;

	begin(s);
	wait_for(s, READER, 0, BEGIN + 10, BEGIN + 20, BEGIN + 20, 10, TIME_disk);
	wait_for(s, READER, 3, BEGIN + 60, BEGIN + 70, BEGIN + 70, 15, TIME_disk); /* 1 and 2 are missing: 5 ns of CPU between */
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->lost.waits, 2);
	assert_int_equal(classes(s)[TIME_cpu_user], 10 + 5 + 30);
	assert_int_equal(classes(s)[TIME_unknown], 35);
	assert_int_equal(classes(s)[TIME_disk], 20);
	assert_int_equal(s->p->work.threads[0].wait_ns, 20 + 35);
}

static void waits_lost_at_the_end_show_in_the_account(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_release(s->b, READER, &(struct seen_release){.t = BEGIN + 100, .why = RELEASED_END, .cpu_ns = 25, .waits = 4});
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->lost.waits, 4);
	assert_int_equal(classes(s)[TIME_cpu_user], 25);
	assert_int_equal(classes(s)[TIME_unknown], 75);
	assert_int_equal(s->p->time.ambiguous_ns, 0);
}

static void a_cloned_thread_of_which_all_waits_were_lost(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_bind(s->b, 1, BEGIN + 10, 10, 11, "child", 1, true);
	builder_release(s->b, 1, &(struct seen_release){.t = BEGIN + 60, .why = RELEASED_EXIT, .cpu_ns = 30, .waits = 2});
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->lost.waits, 2);
	assert_int_equal(s->p->work.threads[1].cpu_ns, 30);
	assert_int_equal(s->p->work.threads[1].wait_ns, 20);
}

static void awaits(struct scene *s, uint32_t task, uint64_t from, uint64_t to, const char *object)
{
	builder_task_waits(s->b, &(struct seen_await){.t = BEGIN + from, .task = task, .stack = -1, .cause = TIME_other_wait, .object = object});
	builder_task_runs(s->b, task, BEGIN + to);
}

/* A task gathers two others, each of which waits for something of its own: that is what the time is shown by. */
static void what_its_children_wait_for_is_what_a_task_does(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_contexts(s->b);
	builder_task(s->b, 1, 0, "handle", BEGIN + 1);
	builder_task_runs(s->b, 1, BEGIN + 2);
	builder_task(s->b, 2, 1, "child", BEGIN + 5);
	builder_task(s->b, 3, 2, "grandchild", BEGIN + 6);
	builder_task_runs(s->b, 2, BEGIN + 7);
	builder_task_runs(s->b, 3, BEGIN + 8);
	builder_wait(s->b, READER, &(struct seen_wait){.out_ns = BEGIN + 20, .in_ns = BEGIN + 90, .cpu_ns = 20, .elsewhere = true, .stack = -1});
	awaits(s, 1, 10, 90, "future");
	awaits(s, 2, 11, 80, "task group");
	awaits(s, 3, 12, 60, "thread pool");
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->n_awaits, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct await *a = &s->p->awaits[i];

		assert_int_equal(a->suspended_ns, a->task == 2 ? 40 : a->task == 1 ? 20 : 10);
	}
	assert_int_equal(classes(s)[TIME_suspended], 70);
}

/* A thread of a pool that got a function from a request without tasks, worked for others, and got another one. */
static void what_was_handed_to_a_pool_counts(void **state)
{
	struct scene *s = *state;

	begin(s);
	wait_for(s, READER, 0, BEGIN + 10, BEGIN + 90, BEGIN + 90, 10, TIME_lock);
	builder_bind(s->b, 2, BEGIN + 12, 10, 11, "server", 1, true); /* made for the pool: released when that was seen */
	builder_release(s->b, 2, &(struct seen_release){.t = BEGIN + 15, .why = RELEASED_CONTEXT});
	builder_bind(s->b, 1, BEGIN + 20, 10, 12, "server", 3, false);
	builder_wait(s->b, 1, &(struct seen_wait){.out_ns = BEGIN + 40, .woken_ns = BEGIN + 40, .in_ns = BEGIN + 60, .cpu_ns = 20, .elsewhere = true,
						  .stack = -1});
	builder_wait(s->b, 1, &(struct seen_wait){.out_ns = BEGIN + 85, .woken_ns = BEGIN + 85, .in_ns = BEGIN + 100, .cpu_ns = 45, .waited_ns = 20,
						  .seq = 1, .elsewhere = true, .open = true, .stack = -1});
	builder_handed(s->b);
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->work.threads[2].cpu_ns, 45);
	assert_int_equal(s->p->work.threads[2].wait_ns, 0);
	assert_int_equal(classes(s)[TIME_cpu_user], 20 + 45);
	assert_int_equal(classes(s)[TIME_lock], 80 - 45);
	assert_int_equal(s->p->time.ambiguous_ns, 0);
	assert_int_equal(s->p->lost.waits, 0);
}

/* The thread runs the request's task until 20, another one that turned out to be somebody else's until 60, which waits in between, and the request's
 * again; then the other one until the end. */
static void what_turned_out_to_be_for_others_does_not_count(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_contexts(s->b);
	builder_task(s->b, 1, 0, "handle", BEGIN + 1);
	builder_task_runs(s->b, 1, BEGIN + 2);
	builder_wait(s->b, READER, &(struct seen_wait){.out_ns = BEGIN + 20, .in_ns = BEGIN + 25, .cpu_ns = 20, .elsewhere = true, .stack = -1});
	builder_wait(s->b, READER, &(struct seen_wait){.out_ns = BEGIN + 35, .woken_ns = BEGIN + 40, .in_ns = BEGIN + 40, .cpu_ns = 30, .seq = 1,
						       .others = true, .cause = TIME_lock, .stack = -1});
	builder_wait(s->b, READER, &(struct seen_wait){.out_ns = BEGIN + 60, .in_ns = BEGIN + 70, .cpu_ns = 50, .seq = 2, .others = true,
						       .elsewhere = true, .stack = -1});
	builder_wait(s->b, READER, &(struct seen_wait){.out_ns = BEGIN + 80, .in_ns = BEGIN + 85, .cpu_ns = 60, .seq = 3, .elsewhere = true, .stack = -1});
	builder_release(s->b, READER, &(struct seen_release){.t = BEGIN + 100, .why = RELEASED_END, .others = true, .cpu_ns = 75, .waits = 4});
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->work.threads[0].cpu_ns, 20 + 10);
	assert_int_equal(s->p->work.threads[0].wait_ns, 0);
	assert_int_equal(classes(s)[TIME_cpu_user], 20 + 10);
	assert_int_equal(classes(s)[TIME_lock], 0);
	assert_int_equal(s->p->lost.waits, 0);
}

/* An account that is not its alone: what no wait and no release tells of is not counted, as somebody else may have done it. */
static void of_a_mixed_account_only_what_is_told(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_contexts(s->b);
	builder_release(s->b, READER, &(struct seen_release){.t = BEGIN + 5, .why = RELEASED_CONTEXT, .cpu_ns = 5});
	builder_task(s->b, 1, 0, "handle", BEGIN + 1);
	builder_bind(s->b, 1, BEGIN + 5, 10, 10, "server", 2, false);
	builder_mixed(s->b, 1);
	builder_wait(s->b, 1, &(struct seen_wait){.out_ns = BEGIN + 20, .in_ns = BEGIN + 25, .cpu_ns = 15, .elsewhere = true, .stack = -1});
	builder_wait(s->b, 1, &(struct seen_wait){.out_ns = BEGIN + 80, .in_ns = BEGIN + 85, .cpu_ns = 60, .seq = 2, .elsewhere = true, .stack = -1});
	builder_bind(s->b, 2, BEGIN + 5, 10, 11, "pool", 3, false);
	builder_mixed(s->b, 2);
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->work.n_threads, 1);
	assert_int_equal(s->p->work.threads[0].cpu_ns, 5 + 15);
	assert_int_equal(s->p->lost.waits, 1);
}

static void busy(struct scene *s, uint64_t t, const char *request, const char *function, uint32_t line, bool gil)
{
	builder_busy(s->b, BEGIN + t, &(struct loop_busy){.request = request, .function = function, .file = "main.py", .line = line, .gil = gil});
}

static void expect_busy(const struct scene *s, size_t i, const char *function, uint32_t line, uint64_t duration_ns)
{
	assert_string_equal(s->p->loop_busy[i].function, function);
	assert_int_equal(s->p->loop_busy[i].line, line);
	assert_int_equal(s->p->loop_busy[i].duration_ns, duration_ns);
}

/* A task awaits something from 10 on, that happens at 30; the loop's thread works for others until 50. */
static void what_a_busy_loop_did_is_named(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_contexts(s->b);
	builder_task(s->b, 1, 0, "handle", BEGIN + 1);
	busy(s, 0, NULL, "before_it_ran", 1, false);
	builder_task_runs(s->b, 1, BEGIN + 2);
	builder_task_waits(s->b, &(struct seen_await){.t = BEGIN + 10, .task = 1, .stack = -1, .cause = TIME_network, .ready_ns = BEGIN + 30});
	builder_wait(s->b, READER, &(struct seen_wait){.out_ns = BEGIN + 10, .in_ns = BEGIN + 50, .elsewhere = true, .stack = -1});
	busy(s, 12, "GET /health", "health", 3, false);
	busy(s, 33, "GET /health", "health", 4, false);
	busy(s, 35, NULL, "report", 12, false);
	busy(s, 45, NULL, "digest", 7, true);
	builder_busy(s->b, BEGIN + 48, NULL);
	builder_task_runs(s->b, 1, BEGIN + 50);
	for (int twice = 0; twice < 2; twice++) {
		finish(s, BEGIN + 60);
		assert_int_equal(classes(s)[TIME_suspended], 20);
		assert_int_equal(classes(s)[TIME_loop_busy], 20);
		assert_int_equal(s->p->n_loop_busy, 3);
		expect_busy(s, 0, "report", 12, 10);
		expect_busy(s, 1, "health", 3, 5);
		expect_busy(s, 2, "digest", 7, 3);
		assert_string_equal(s->p->loop_busy[1].request, "GET /health");
		assert_true(s->p->loop_busy[2].gil && !s->p->loop_busy[1].gil);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(after_an_event_wait_the_rest_is_ambiguous),
		SCENE(an_exit_leaves_nothing_ambiguous),
		SCENE(a_shared_thread_binds_nothing),
		SCENE(cloned_threads_count_while_they_run),
		SCENE(lost_waits_are_not_taken_for_cpu_time),
		SCENE(waits_lost_at_the_end_show_in_the_account),
		SCENE(a_cloned_thread_of_which_all_waits_were_lost),
		SCENE(what_its_children_wait_for_is_what_a_task_does),
		SCENE(what_was_handed_to_a_pool_counts),
		SCENE(what_a_busy_loop_did_is_named),
		SCENE(what_turned_out_to_be_for_others_does_not_count),
		SCENE(of_a_mixed_account_only_what_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
