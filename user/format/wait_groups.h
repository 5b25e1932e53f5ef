/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits for the same thing, together. */
#ifndef REQPROF_WAIT_GROUPS_H
#define REQPROF_WAIT_GROUPS_H

#include "profile/profile.h"

struct wait_group {
	enum time_class cause;
	const char *object;     /* NULL = unknown */
	size_t count;
	uint64_t total_ns, median_ns, longest_ns;
	int32_t from;           /* frame that waited longest in all: stack_own_frame(); −1 = unknown */
	const struct wait *woken; /* one of the group, whose waker woke most of them; NULL = wakers unknown */
	bool one_waker;         /* all were woken by that process */
	bool sole_waker;        /* no other one is known, and what it has not woken is next to nothing of the time */
};

/*
 * The groups by cause and object, by total time, the longest first. Time spent ready after a wake-up, or after a preemption, is a wait of its
 * own, of cause run_queue (throttled: of cause throttled). The caller frees it.
 */
struct wait_group *wait_groups(const struct profile *p, size_t *ret_n);

/* The `max` longest waits, ready time included: *ret_n pointers into p->work.waits. The caller frees the array. */
const struct wait **longest_waits(const struct profile *p, size_t max, size_t *ret_n);

#endif
