/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests that one thread serves at the same time and whose tasks are recorded together (bpf/context_claim.bpf.c). Each request gets the events of
 * its group as if they were its own, also those from before it joined; which of them are is found out later (claims.h).
 */
#ifndef REQPROF_GROUPS_H
#define REQPROF_GROUPS_H

#include "capture/live.h"

/* True: the event is one of a group, or tells of one, and is taken. */
bool groups_event(struct live *l, const struct rp_event *e);

void groups_free(struct live *l);

#endif
