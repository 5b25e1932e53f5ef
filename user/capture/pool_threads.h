/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Threads that a request has created, but only to have one more in a pool: what they are given to do may be anybody's. Where the pool hands over the
 * caller's context they are known by that, and bound anew; what is left of such a binding says nothing.
 */
#ifndef REQPROF_POOL_THREADS_H
#define REQPROF_POOL_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/record.h"
#include "profile/profile.h"

/* Bindings, by their worker number. */
struct pool_threads {
	uint64_t bits;
};

/* Look through what was seen of a request whose stacks are named. */
struct pool_threads pool_threads_find(const struct record_log *log, const struct profile *p);

static inline bool pool_threads_has(const struct pool_threads *t, uint32_t worker)
{
	return worker < 64 && t->bits >> worker & 1;
}

#endif
