/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From what was seen of a request to its profile: numbers worked out by hand, then invariants over random timelines.
 *
 * links: profile/builder.c profile/timeline.c profile/stolen.c profile/awaits.c profile/shares.c profile/partition.c profile/profile.c
 * links: profile/check.c base/alloc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile/builder.h"

#define BEGIN 1000
#define READER 0

struct scene {
	struct profile *p;
	struct builder *b;
};

static int open_scene(void **state)
{
	static struct scene s;

	s.p = profile_new();
	s.b = builder_new(s.p);
	memcpy(s.p->request.id, "0a1b2c", 7);
	s.p->request.remote = profile_string(s.p, "127.0.0.1:4000");
	*state = &s;
	return 0;
}

static int close_scene(void **state)
{
	struct scene *s = *state;

	builder_free(s->b);
	profile_free(s->p);
	return 0;
}

static int32_t stack(struct profile *p, const char *function, enum frame_kind kind, int32_t parent)
{
	return profile_stack(p, parent, profile_frame(p, &(struct frame){.function = function, .kind = kind}));
}

static void begin(struct scene *s)
{
	builder_begin(s->b, BEGIN, BEGIN, 0, false);
	builder_bind(s->b, READER, BEGIN, 10, 10, "server", 1, false);
}

/* A wait with the account that goes with it. */
static void wait_for(struct scene *s, uint32_t worker, uint32_t seq, uint64_t out, uint64_t woken, uint64_t in, uint64_t cpu, enum time_class cause)
{
	builder_wait(s->b, worker, &(struct seen_wait){
		.out_ns = out, .woken_ns = woken, .in_ns = in, .cpu_ns = cpu, .seq = seq, .cause = cause, .runnable_class = TIME_run_queue,
		.object = "127.0.0.1:5432", .stack = -1,
	});
}

static void finish(struct scene *s, uint64_t end)
{
	builder_finish(s->b, end);
	assert_null(profile_check(s->p));
}

static uint64_t *classes(struct scene *s)
{
	return s->p->time.classes_ns;
}

static void a_thread_that_only_ran(void **state)
{
	struct scene *s = *state;
	int32_t hot = stack(s->p, "hot", FRAME_native, -1);

	begin(s);
	builder_tick(s->b, READER, BEGIN + 30, hot, 0, 0);
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->time.wall_ns, 100);
	assert_int_equal(classes(s)[TIME_cpu_user], 100);
	assert_int_equal(s->p->work.n_samples, 1);
	assert_int_equal(s->p->work.samples[0].weight_ns, 100);
	assert_int_equal(s->p->work.samples[0].stack, hot);
	assert_int_equal(s->p->work.threads[0].cpu_ns, 100);
}

static void waits_are_cut_out_of_the_cpu_time(void **state)
{
	struct scene *s = *state;

	begin(s);
	wait_for(s, READER, 0, BEGIN + 20, BEGIN + 60, BEGIN + 70, 20, TIME_network);
	finish(s, BEGIN + 100);
	assert_int_equal(classes(s)[TIME_cpu_user], 50);
	assert_int_equal(classes(s)[TIME_network], 40);
	assert_int_equal(classes(s)[TIME_run_queue], 10);
	assert_int_equal(s->p->work.waits[0].t, 20);
	assert_int_equal(s->p->work.waits[0].duration_ns, 40);
	assert_int_equal(s->p->work.waits[0].runnable_ns, 10);
	assert_string_equal(s->p->work.waits[0].object, "127.0.0.1:5432");
	assert_int_equal(s->p->work.threads[0].wait_ns, 40);
}

static void a_preemption_waits_for_nothing(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_wait(s->b, READER, &(struct seen_wait){
		.out_ns = BEGIN + 20, .woken_ns = BEGIN + 20, .in_ns = BEGIN + 50, .cpu_ns = 20, .preempted = true,
		.cause = TIME_run_queue, .runnable_class = TIME_throttled, .stack = -1,
	});
	finish(s, BEGIN + 100);
	assert_int_equal(classes(s)[TIME_throttled], 30);
	assert_int_equal(s->p->work.waits[0].duration_ns, 0);
	assert_int_equal(s->p->work.waits[0].runnable_ns, 30);
	assert_int_equal(s->p->work.waits[0].cause, TIME_throttled);
}

/* The thread's clock stopped at 20, what was woken up then came at 24; meanwhile the timer fell due. */
static void a_tick_of_the_interrupt_that_preempts(void **state)
{
	struct scene *s = *state;
	int32_t hot = stack(s->p, "hot", FRAME_native, -1);

	begin(s);
	builder_tick(s->b, READER, BEGIN + 22, hot, 0, 0);
	builder_wait(s->b, READER, &(struct seen_wait){
		.out_ns = BEGIN + 20, .woken_ns = BEGIN + 20, .in_ns = BEGIN + 50, .cpu_ns = 20, .preempted = true,
		.cause = TIME_run_queue, .runnable_class = TIME_run_queue, .stack = -1,
	});
	finish(s, BEGIN + 50);
	assert_int_equal(s->p->work.n_samples, 1);
	assert_int_equal(s->p->work.samples[0].t, 20);
	assert_int_equal(s->p->work.samples[0].weight_ns, 20);
	assert_int_equal(s->p->work.samples[0].stack, hot);
}

static void expect_stolen(const struct wait *w, uint64_t t, uint64_t ns, int32_t stack)
{
	assert_int_equal(w->t, t);
	assert_int_equal(w->duration_ns, 0);
	assert_int_equal(w->runnable_ns, ns);
	assert_int_equal(w->stack, stack);
	assert_int_equal(w->cause, TIME_run_queue);
	assert_string_equal(w->object, "hypervisor");
}

static void expect_sample(const struct sample *s, uint64_t t, uint64_t weight, int32_t stack)
{
	assert_int_equal(s->t, t);
	assert_int_equal(s->weight_ns, weight);
	assert_int_equal(s->stack, stack);
}

/* Ticks every 10: those at 50 and at 95 come late, by 20 and by 15, of a slice of 100 of which 35 were not its thread's. */
static void stolen_time_lies_before_late_ticks(void **state)
{
	static const uint64_t ticks[] = {10, 20, 50, 60, 70, 95};
	struct scene *s = *state;
	int32_t hot = stack(s->p, "hot", FRAME_native, -1);

	s->p->about.interval_ns = 10;
	begin(s);
	for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++)
		builder_tick(s->b, READER, BEGIN + ticks[i], hot, 0, 0);
	builder_wait(s->b, READER, &(struct seen_wait){
		.out_ns = BEGIN + 100, .woken_ns = BEGIN + 110, .in_ns = BEGIN + 110, .cpu_ns = 100, .stolen_ns = 35, .cause = TIME_sleep, .stack = -1,
	});
	finish(s, BEGIN + 110);
	assert_int_equal(classes(s)[TIME_cpu_user], 65);
	assert_int_equal(classes(s)[TIME_run_queue], 35);
	assert_int_equal(s->p->work.threads[0].cpu_ns, 65);
	assert_int_equal(s->p->work.n_waits, 3);
	expect_stolen(&s->p->work.waits[0], 30, 20, hot);
	expect_stolen(&s->p->work.waits[1], 80, 15, hot);
	expect_sample(&s->p->work.samples[0], 10, 15, hot);
	expect_sample(&s->p->work.samples[2], 50, 10, hot);
	expect_sample(&s->p->work.samples[5], 95, 10, hot);
}

/* Ticks that are late by a little are not a hypervisor's doing. */
static void stolen_time_is_not_spread_over_all_ticks(void **state)
{
	struct scene *s = *state;

	int32_t hot = stack(s->p, "hot", FRAME_native, -1);

	s->p->about.interval_ns = 10;
	begin(s);
	for (uint64_t t = 10; t < 40; t += 11)
		builder_tick(s->b, READER, BEGIN + t, hot, 0, 0);
	builder_release(s->b, READER, &(struct seen_release){.t = BEGIN + 40, .why = RELEASED_END, .cpu_ns = 40, .stolen_ns = 5});
	finish(s, BEGIN + 40);
	assert_int_equal(s->p->work.n_waits, 1);
	expect_stolen(&s->p->work.waits[0], 35, 5, hot); /* no edge: as the last tick */
}

/* Less than a tick was late by: all ticks are thought to be late in part for another reason. More: the end of the slice is as good a place as any. */
static void stolen_time_fits_somewhere(void **state)
{
	struct scene *s = *state;
	int32_t hot = stack(s->p, "hot", FRAME_native, -1);

	s->p->about.interval_ns = 10;
	begin(s);
	builder_tick(s->b, READER, BEGIN + 50, hot, 0, 0);
	builder_wait(s->b, READER, &(struct seen_wait){
		.out_ns = BEGIN + 60, .in_ns = BEGIN + 70, .cpu_ns = 60, .stolen_ns = 20, .cause = TIME_sleep, .stack = -1,
	});
	builder_wait(s->b, READER, &(struct seen_wait){
		.out_ns = BEGIN + 79, .in_ns = BEGIN + 90, .cpu_ns = 69, .stolen_ns = 25, .seq = 1, .cause = TIME_sleep, .stack = -1,
	});
	builder_release(s->b, READER, &(struct seen_release){.t = BEGIN + 100, .why = RELEASED_END, .cpu_ns = 79, .stolen_ns = 99, .waits = 2});
	finish(s, BEGIN + 100);
	expect_stolen(&s->p->work.waits[0], 30, 20, hot);
	expect_stolen(&s->p->work.waits[2], 74, 5, -1);
	expect_stolen(&s->p->work.waits[4], 90, 10, -1); /* not more than there was */
	assert_int_equal(s->p->work.n_waits, 5);
	assert_int_equal(classes(s)[TIME_run_queue], 35);
	assert_int_equal(classes(s)[TIME_sleep], 21);
	assert_int_equal(classes(s)[TIME_cpu_user], 44);
}

static void a_wake_up_that_was_not_seen(void **state)
{
	struct scene *s = *state;

	begin(s);
	wait_for(s, READER, 0, BEGIN + 20, 0, BEGIN + 70, 20, TIME_lock);
	finish(s, BEGIN + 100);
	assert_int_equal(classes(s)[TIME_lock], 50);
	assert_int_equal(s->p->work.waits[0].runnable_ns, 0);
}

static void ticks_stand_for_the_time_around_them(void **state)
{
	struct scene *s = *state;
	int32_t a = stack(s->p, "a", FRAME_native, -1), k = stack(s->p, "k", FRAME_kernel, a);

	begin(s);
	builder_tick(s->b, READER, BEGIN + 10, a, 0, 0);
	builder_tick(s->b, READER, BEGIN + 30, k, 0, TICK_KERNEL);
	builder_tick(s->b, READER, BEGIN + 90, a, 0, 0);
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->work.samples[0].weight_ns, 20);
	assert_int_equal(s->p->work.samples[1].weight_ns, 40);
	assert_int_equal(s->p->work.samples[2].weight_ns, 40);
	assert_int_equal(classes(s)[TIME_cpu_kernel], 40);
	assert_int_equal(classes(s)[TIME_cpu_user], 60);
}

static void a_slice_without_a_tick_has_the_stack_of_its_edge(void **state)
{
	struct scene *s = *state;
	int32_t user = stack(s->p, "recv", FRAME_native, -1), kernel = stack(s->p, "tcp_recvmsg", FRAME_kernel, user);

	begin(s);
	builder_wait(s->b, READER, &(struct seen_wait){
		.out_ns = BEGIN + 20, .woken_ns = BEGIN + 60, .in_ns = BEGIN + 60, .cpu_ns = 20, .cause = TIME_network, .stack = kernel,
		.runnable_class = TIME_run_queue,
	});
	builder_tick(s->b, READER, BEGIN + 80, kernel, 0, TICK_KERNEL | TICK_EDGE);
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->work.n_samples, 2);
	assert_true(s->p->work.samples[0].edge);
	assert_int_equal(s->p->work.samples[0].weight_ns, 20);
	assert_int_equal(s->p->work.samples[0].stack, user); /* the kernel part is how it left, not where it was */
	assert_int_equal(s->p->work.samples[1].stack, user);
	assert_int_equal(classes(s)[TIME_cpu_user], 60);     /* no tick says otherwise */
	assert_int_equal(s->p->about.edges, 2);
	assert_int_equal(s->p->about.ticks, 0);
}

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

static void a_line_in_pieces_waits_for_the_client(void **state)
{
	struct scene *s = *state;

	builder_begin(s->b, BEGIN, BEGIN + 50, 10, false);
	builder_bind(s->b, READER, BEGIN + 50, 10, 10, "server", 1, false);
	finish(s, BEGIN + 100);
	assert_true(s->p->time.network_estimated);
	assert_int_equal(classes(s)[TIME_network], 40);
	assert_int_equal(classes(s)[TIME_cpu_user], 60);
	assert_string_equal(s->p->work.waits[0].object, "127.0.0.1:4000");
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

static void ticks_that_come_out_of_order(void **state)
{
	struct scene *s = *state;
	const uint64_t at[] = {60, 20, 80, 40};

	begin(s);
	for (int i = 0; i < 4; i++)
		builder_tick(s->b, READER, BEGIN + at[i], -1, 0, 0);
	finish(s, BEGIN + 100);
	assert_int_equal(s->p->work.n_samples, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(s->p->work.samples[i].t, 20 * (i + 1));
		assert_int_equal(s->p->work.samples[i].weight_ns, i == 0 || i == 3 ? 30 : 20);
	}
}

static void an_open_wait_lasts_to_the_end(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_wait(s->b, READER, &(struct seen_wait){
		.out_ns = BEGIN + 10, .in_ns = BEGIN + 150, .cpu_ns = 10, .open = true, .cause = TIME_network, .runnable_class = TIME_run_queue,
		.stack = -1,
	});
	finish(s, BEGIN + 100);
	assert_int_equal(classes(s)[TIME_network], 90);
	assert_int_equal(s->p->work.waits[0].duration_ns, 90);
}

static void finishing_twice_gives_the_same_and_the_later_end_more(void **state)
{
	struct scene *s = *state;

	begin(s);
	builder_tick(s->b, READER, BEGIN + 40, -1, 0, 0);
	finish(s, BEGIN + 50);
	assert_int_equal(s->p->time.wall_ns, 50);
	finish(s, BEGIN + 80);
	assert_int_equal(s->p->work.n_samples, 1);
	assert_int_equal(s->p->work.threads[0].cpu_ns, 80);
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

static void no_time_at_all(void **state)
{
	struct scene *s = *state;

	begin(s);
	finish(s, BEGIN);
	assert_int_equal(s->p->time.wall_ns, 0);
	finish(s, BEGIN - 5);
	assert_int_equal(s->p->time.wall_ns, 0);
}

/* One random thread: waits in order, some of them lost, ticks anywhere, perhaps a release. Returns its CPU time if nothing was lost. */
static void random_thread(struct scene *s, uint32_t worker, uint64_t wall)
{
	uint64_t at = BEGIN + rand() % wall, cpu = 0, stolen = 0;
	uint32_t seq = 0;

	builder_bind(s->b, worker, at, 10, 10 + worker / 2, "t", 1, false);
	while (rand() % 6) {
		uint64_t out = at + rand() % 20, woken = out + rand() % 20, in = woken + rand() % 10;

		for (uint64_t t = at; t < out; t += 1 + rand() % 9)
			builder_tick(s->b, worker, t, -1, 0, rand() % 4 ? 0 : TICK_EDGE);
		cpu += out - at;
		stolen += rand() % 3 ? 0 : rand() % (out - at + 3);
		if (rand() % 5)
			builder_wait(s->b, worker, &(struct seen_wait){
				.out_ns = out, .woken_ns = rand() % 4 ? woken : 0, .in_ns = in, .cpu_ns = cpu, .stolen_ns = stolen, .seq = seq,
				.cause = TIME_run_queue + rand() % (TIME_other_wait - TIME_run_queue), .runnable_class = TIME_run_queue, .stack = -1,
			});
		seq++;
		at = in;
		if (rand() % 2)
			builder_tick(s->b, worker, at, -1, rand() % 3, (rand() % 2 ? TICK_KERNEL : 0) | (rand() % 4 ? 0 : TICK_EDGE));
	}
	if (rand() % 2)
		builder_release(s->b, worker, &(struct seen_release){.t = at + rand() % 10, .why = rand() % 4, .cpu_ns = cpu, .stolen_ns = stolen, .waits = seq});
}

static void random_timelines_keep_every_promise(void **state)
{
	(void)state;
	srand(3);
	for (int round = 0; round < 5000; round++) {
		uint64_t wall = 1 + rand() % 100;
		struct scene *s;
		void *fresh;

		open_scene(&fresh);
		s = fresh;
		s->p->about.interval_ns = rand() % 4;
		builder_begin(s->b, BEGIN, BEGIN + rand() % 20, rand() % 30, rand() % 8 == 0);
		for (uint32_t i = 0; i < (uint32_t)(rand() % 4); i++)
			random_thread(s, i, wall);
		builder_lost(s->b, rand() % 3, rand() % 3);
		finish(s, BEGIN + wall);
		assert_int_equal(s->p->time.wall_ns, wall);
		close_scene(&fresh);
	}
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(a_thread_that_only_ran),
		SCENE(waits_are_cut_out_of_the_cpu_time),
		SCENE(a_preemption_waits_for_nothing),
		SCENE(a_tick_of_the_interrupt_that_preempts),
		SCENE(stolen_time_lies_before_late_ticks),
		SCENE(stolen_time_is_not_spread_over_all_ticks),
		SCENE(stolen_time_fits_somewhere),
		SCENE(a_wake_up_that_was_not_seen),
		SCENE(ticks_stand_for_the_time_around_them),
		SCENE(a_slice_without_a_tick_has_the_stack_of_its_edge),
		SCENE(after_an_event_wait_the_rest_is_ambiguous),
		SCENE(an_exit_leaves_nothing_ambiguous),
		SCENE(a_shared_thread_binds_nothing),
		SCENE(a_line_in_pieces_waits_for_the_client),
		SCENE(cloned_threads_count_while_they_run),
		SCENE(lost_waits_are_not_taken_for_cpu_time),
		SCENE(waits_lost_at_the_end_show_in_the_account),
		SCENE(a_cloned_thread_of_which_all_waits_were_lost),
		SCENE(ticks_that_come_out_of_order),
		SCENE(an_open_wait_lasts_to_the_end),
		SCENE(finishing_twice_gives_the_same_and_the_later_end_more),
		SCENE(what_its_children_wait_for_is_what_a_task_does),
		SCENE(what_was_handed_to_a_pool_counts),
		SCENE(what_a_busy_loop_did_is_named),
		SCENE(no_time_at_all),
		SCENE(what_turned_out_to_be_for_others_does_not_count),
		SCENE(of_a_mixed_account_only_what_is_told),
		cmocka_unit_test(random_timelines_keep_every_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
