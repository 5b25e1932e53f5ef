/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Arming: on each CPU a perf event, opened disabled, and a thread that enables it when a marked request runs there; after the last one all are
 * disabled. The threads do nothing but ioctls, under the lowest SCHED_FIFO priority: an ordinary one, woken on the server's own CPU, comes
 * when the request is over; one on another CPU must first be woken there, and then interrupt the server's to enable its event.
 */
#ifndef REQPROF_ARM_H
#define REQPROF_ARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer/session.h"

struct arm;

/* Open the events and start the threads. NULL and errno on failure (printed). Needs the session while it lives. */
struct arm *arm_start(struct session *session, uint64_t interval_ns);
void arm_stop(struct arm *a); /* NULL is fine */

bool arm_is_fifo(const struct arm *a); /* false: SCHED_FIFO was refused, the timer samples until the threads get their turn */

/* How long arming took, ns from the request's recognition, for events not yet fetched. Returns how many were put into `cpus` and `ns`. */
size_t arm_latencies(struct arm *a, uint32_t *cpus, uint64_t *ns, size_t max);

#endif
