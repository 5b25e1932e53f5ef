/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runtimes in which one thread serves many requests: who understands the events of a kernel-side context tracker (context_*.bpf.c).
 * To add one: a file and a row in contexts.c.
 */
#ifndef REQPROF_CONTEXTS_H
#define REQPROF_CONTEXTS_H

#include <linux/types.h>
#include <stdbool.h>

#include "reqprof.h"

struct live_request;

struct context_tracker {
	const char *name;
	/* An event of a type that is none of the core's, of a length that is safe to read. False: not mine. */
	bool (*event)(struct live_request *r, const struct rp_event *e);
};

extern const struct context_tracker *const context_trackers[]; /* NULL-terminated */

/* Offer the event to all; false if nobody knows it. */
bool context_event(struct live_request *r, const struct rp_event *e);

#endif
