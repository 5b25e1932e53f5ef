/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tasks that may be a request's (bpf/context_claim.bpf.c): which of them are, when it is known which one has written the response. The others are
 * void: nothing of what they did may get into the report.
 */
#ifndef REQPROF_CLAIMS_H
#define REQPROF_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/record.h"

#define CLAIMS_VOID UINT32_MAX

struct claimed_task;

struct claims {
	struct claimed_task *tasks; /* by number */
	size_t n, cap;
	uint64_t begin_ns;      /* of the request: what came before was for others */
	bool spoiled;           /* one that has claimed it has written another response since */
	bool any;               /* there are tasks that may be the request's, or might have been */
};

/* From what was recorded up to now, of a request that began at begin_ns; free it by claims_free(). some: there were such tasks, even if no record of
 * one has come through. */
struct claims claims_find(const struct record_log *log, uint64_t begin_ns, bool some);
void claims_free(struct claims *c);

/* The number of a task among those that are the request's, from 1; CLAIMS_VOID: it is not. That of none, 0, stays. */
uint32_t claims_number(const struct claims *c, uint32_t task);

/* What it did at t was not for the request. */
bool claims_is_void(const struct claims *c, uint32_t task, uint64_t t);

/* Was it there before the request? */
bool claims_is_older(const struct claims *c, uint32_t task);

/* Stacks that are only named by what is void are not `used`. */
void claims_mark_stacks(const struct claims *c, const struct record_log *log, struct raw_stack *stacks);

#endif
