/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The partition of a request's wall time. Spans of what each thread did lie over each other; at every instant the class that comes first in
 * enum time_class counts, and what no span covers is `unknown`. The result sums to wall_ns to the nanosecond.
 */
#ifndef REQPROF_PARTITION_H
#define REQPROF_PARTITION_H

#include "profile/profile.h"

/* [begin, end) of one thread in one class, clipped to the wall by the caller. On-CPU spans have class TIME_cpu_user, whatever they ran. */
struct span {
	uint64_t begin, end;
	enum time_class class;
};

/* Σ over the instants of [0, wall_ns): ret_classes_ns[TIME_cpu_user] is all on-CPU time. Sorts `spans`. */
void partition_spans(struct span *spans, size_t n, uint64_t wall_ns, uint64_t ret_classes_ns[N_TIME_CLASSES]);

/* Split classes_ns[TIME_cpu_user] into cpu_user, cpu_kernel and interrupt in proportion to three weights; the largest gets what rounding
 * leaves. All weights 0: all of it stays cpu_user. */
void partition_cpu(uint64_t classes_ns[N_TIME_CLASSES], uint64_t user_weight, uint64_t kernel_weight, uint64_t interrupt_weight);

#endif
