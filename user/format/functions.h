/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Time by function, wherever it was called from. */
#ifndef REQPROF_FUNCTIONS_H
#define REQPROF_FUNCTIONS_H

#include "profile/profile.h"

struct function {
	int32_t frame;          /* as frames_merge() numbers it; −1 = on the CPU with no stack known */
	uint32_t line;          /* where most of its time was */
	uint64_t self_ns;       /* on the CPU in itself */
	uint64_t total_ns;      /* on the CPU in it or in what it called */
	uint64_t wait_ns;       /* waits and ready time below it */
	size_t samples;         /* that it stands in */
};

/* For each frame the smallest index of those that differ from it in nothing but the line: the number of its function. */
int32_t *frames_merge(const struct profile *p);

/* All functions, by self time, then by total; `merged` is of frames_merge(). The caller frees it. */
struct function *functions_list(const struct profile *p, const int32_t *merged, size_t *ret_n);

/* Half the width of the 95 % interval (Wilson) of a share that n samples found. */
double binomial_error(double share, double n);

/*
 * Half the width, in ns, of the 95 % interval (Wilson, binomial) of the on-CPU time that samples put at the stacks marked in `stacks`
 * (n_stacks flags). Threads are sampled independently; samples of unequal weight count as their effective number.
 */
double sampling_error_ns(const struct profile *p, const bool *stacks);

/* The stacks whose innermost frame belongs to the function `frame`: flags, the caller frees them. */
bool *stacks_ending_in(const struct profile *p, const int32_t *merged, int32_t frame);

size_t ticks_count(const struct profile *p); /* samples that a tick took, not the edge of a slice */

#endif
