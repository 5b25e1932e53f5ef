/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a thread did not run: from the facts of one wait (scheduler state, system call, what its descriptor was) to a class and the name of
 * what was waited for. Pure. System call numbers are those of x86_64.
 */
#ifndef REQPROF_CAUSES_H
#define REQPROF_CAUSES_H

#include <linux/types.h>

#include "profile/profile.h"
#include "reqprof.h"

#define CAUSE_OBJECT_MAX 256

struct wait_cause {
	enum time_class cause;
	enum time_class runnable;       /* of the time between wake-up and running: TIME_run_queue or TIME_throttled */
	uint64_t futex;                 /* address of the lock's word, whose kind the stack can tell (locks.h); 0 = no futex */
	char object[CAUSE_OBJECT_MAX];  /* empty = unknown */
};

void wait_cause(const struct rp_wait *w, struct wait_cause *ret);

#endif
