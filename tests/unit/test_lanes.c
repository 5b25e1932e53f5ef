/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What threads, tasks and the request did in the order of time. How formats show it: tests/golden.
 *
 * links: format/lanes.c format/names.c format/call_tree.c profile/profile.c profile/own.c profile/check.c base/alloc.c base/printable.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "format/lanes.h"

#define WALL 1000

static struct profile *new_profile(size_t threads)
{
	struct profile *p = profile_new();

	p->time.wall_ns = WALL;
	while (threads--)
		work_add_thread(&p->work);
	return p;
}

static void add_sample(struct profile *p, int32_t thread, uint64_t t, uint64_t weight, bool edge)
{
	*work_add_sample(&p->work) = (struct sample){.t = t, .weight_ns = weight, .thread = thread, .task = -1, .stack = -1, .bound = 1, .edge = edge};
}

static void add_wait(struct profile *p, int32_t thread, uint64_t t, uint64_t ns, uint64_t ready, enum time_class cause)
{
	*work_add_wait(&p->work) = (struct wait){.t = t, .duration_ns = ns, .runnable_ns = ready, .thread = thread, .task = -1, .stack = -1, .cause = cause};
}

static void add_await(struct profile *p, uint64_t t, uint64_t ns, enum time_class cause)
{
	GROW(p->awaits, p->n_awaits, p->cap_awaits);
	p->awaits[p->n_awaits++] = (struct await){.t = t, .duration_ns = ns, .task = 0, .stack = -1, .cause = cause};
}

static void assert_span(const struct lane *lane, size_t i, uint64_t begin, uint64_t end, enum time_class class)
{
	assert_true(i < lane->n);
	assert_int_equal(lane->list[i].begin, begin);
	assert_int_equal(lane->list[i].end, end);
	assert_int_equal(lane->list[i].class, class);
}

static void samples_fill_the_time_between_waits(void **state)
{
	struct profile *p = new_profile(2);
	struct lane lane;

	(void)state;
	add_sample(p, 0, 40, 60, false);
	add_sample(p, 1, 50, 900, false);
	add_sample(p, 0, 80, 40, false);
	add_wait(p, 0, 100, 200, 50, TIME_disk);
	add_sample(p, 0, 400, 150, false);
	lane = lane_of_thread(&p->work, 0);
	assert_int_equal(lane.n, 5);
	assert_span(&lane, 0, 0, 60, TIME_cpu_user);
	assert_span(&lane, 1, 60, 100, TIME_cpu_user);
	assert_span(&lane, 2, 100, 300, TIME_disk);
	assert_span(&lane, 3, 300, 350, TIME_run_queue);
	assert_span(&lane, 4, 350, 500, TIME_cpu_user);
	lane_free(&lane);
	profile_free(p);
}

/* A thread that was only bound at 500: its first tick says when it ran, as far as that is known. */
static void a_late_beginning_is_not_at_the_beginning(void **state)
{
	struct profile *p = new_profile(3);
	struct lane lane;

	(void)state;
	add_sample(p, 0, 500, 100, true);
	add_sample(p, 1, 560, 100, false);
	add_sample(p, 2, 550, 80, false);
	add_wait(p, 0, 600, 10, 0, TIME_lock);
	add_wait(p, 1, 600, 10, 0, TIME_lock);
	add_sample(p, 2, 610, 90, false);
	lane = lane_of_thread(&p->work, 0);
	assert_span(&lane, 0, 500, 600, TIME_cpu_user);
	lane_free(&lane);
	lane = lane_of_thread(&p->work, 1);
	assert_span(&lane, 0, 500, 600, TIME_cpu_user);
	lane_free(&lane);
	lane = lane_of_thread(&p->work, 2); /* its samples meet half way between their ticks */
	assert_span(&lane, 0, 500, 580, TIME_cpu_user);
	assert_span(&lane, 1, 580, 670, TIME_cpu_user);
	lane_free(&lane);
	profile_free(p);
}

static void at_each_instant_what_counts_first(void **state)
{
	struct profile *p = new_profile(2);
	struct lane lane;

	(void)state;
	add_wait(p, 0, 0, 300, 0, TIME_network);
	add_wait(p, 1, 0, 100, 0, TIME_lock);
	add_sample(p, 1, 150, 100, false);
	add_await(p, 250, 200, TIME_other_wait);
	add_await(p, 350, 250, TIME_sleep);
	p->time.classes_ns[TIME_loop_busy] = 400;
	lane = lane_of_request(p);
	assert_int_equal(lane.n, 6);
	assert_span(&lane, 0, 0, 100, TIME_lock);
	assert_span(&lane, 1, 100, 200, TIME_cpu_user);
	assert_span(&lane, 2, 200, 300, TIME_network);
	assert_span(&lane, 3, 300, 350, TIME_other_wait);
	assert_true(lane.list[3].await);
	assert_span(&lane, 4, 350, 600, TIME_sleep);
	assert_span(&lane, 5, 600, WALL, TIME_loop_busy);
	lane_free(&lane);
	profile_free(p);
}

static void what_cannot_be_told_apart_is_named_so(void **state)
{
	struct profile *p = new_profile(0);
	struct lane lane;
	char *leaf;

	(void)state;
	p->time.classes_ns[TIME_loop_busy] = 400;
	p->time.classes_ns[TIME_unknown] = 500;
	p->time.classes_ns[TIME_network] = 100;
	lane = lane_of_request(p);
	assert_int_equal(lane.n, 1);
	assert_span(&lane, 0, 0, WALL, TIME_unknown);
	leaf = lane_leaf(&lane.list[0]);
	assert_string_equal(leaf, "[unknown or loop_busy or network]");
	free(leaf);
	lane_free(&lane);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_fill_the_time_between_waits),
		cmocka_unit_test(a_late_beginning_is_not_at_the_beginning),
		cmocka_unit_test(at_each_instant_what_counts_first),
		cmocka_unit_test(what_cannot_be_told_apart_is_named_so),
	};

	return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
