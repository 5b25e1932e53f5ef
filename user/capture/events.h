/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is a record of the ring what the contract says? Structure only: strings in it are still the target's bytes. Pure. */
#ifndef REQPROF_EVENTS_H
#define REQPROF_EVENTS_H

#include <linux/types.h>
#include <stddef.h>

#include "reqprof.h"

/* The event, or NULL if its length contradicts its type or itself. A type that is not of the core passes with a whole header. */
const struct rp_event *event_check(const void *record, size_t size);

#endif
