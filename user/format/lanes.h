/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What threads, tasks and the whole request did, each in the order of time: for formats that are read along a time axis.
 *
 * Waits, ready time and awaits lie where they were seen. A sample has a weight and the instant of its tick; it is laid where the time around its
 * tick was on the CPU, so within one run between two waits the borders of its samples are estimates, as their weights are.
 */
#ifndef REQPROF_LANES_H
#define REQPROF_LANES_H

#include "profile/profile.h"

struct lane_span {
	uint64_t begin, end;    /* ns since the request's begin; never empty */
	enum time_class class;  /* cpu_user, cpu_kernel: a sample; run_queue … other_wait: a wait or an await; else a time that no thread had */
	const char *object;     /* what was waited for; NULL = unknown */
	int32_t thread, task, stack; /* −1 = none */
	bool await;
};

struct lane {
	struct lane_span *list; /* by time, without overlap */
	size_t n, cap;
	char *text;             /* an object that is not the profile's; NULL = none */
};

struct lane lane_of_thread(const struct work *w, int32_t thread);
struct lane lane_of_task(const struct profile *p, int32_t task); /* what it awaited */

/* From 0 to the wall time without a gap. At each instant what counts first by the partition's order: threads that run, threads that wait, awaits.
 * Where there is none of them: the class that is recorded in none of them; if there are several, the first with the others as its object,
 * "or loop_busy". */
struct lane lane_of_request(const struct profile *p);

/* What stands below the frames of its stack: "[network 127.0.0.1:5432]", "[no stack]" on the CPU without one; NULL = nothing. The caller frees it. */
char *lane_leaf(const struct lane_span *span);

void lane_free(struct lane *lane);

#endif
