/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When a request's threads ran and waited, and what that makes of its time: numbers worked out by hand, then invariants over random timelines.
 *
 * links: profile/builder.c profile/timeline.c profile/stolen.c profile/awaits.c profile/shares.c profile/partition.c profile/profile.c
 * links: profile/check.c base/alloc.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "builder_scene.h"
#include "profile/builder.h"

static int32_t stack(struct profile *p, const char *function, enum frame_kind kind, int32_t parent)
{
	return profile_stack(p, parent, profile_frame(p, &(struct frame){.function = function, .kind = kind}));
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
		SCENE(a_line_in_pieces_waits_for_the_client),
		SCENE(ticks_that_come_out_of_order),
		SCENE(an_open_wait_lasts_to_the_end),
		SCENE(finishing_twice_gives_the_same_and_the_later_end_more),
		SCENE(no_time_at_all),
		cmocka_unit_test(random_timelines_keep_every_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
