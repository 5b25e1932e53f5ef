/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the probes of a handler take of its process' time, from what a probe takes. */
#ifndef REQPROF_HANDLER_COST_H
#define REQPROF_HANDLER_COST_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/protocol.h"
#include "reqprof.h"

/* In ns of CPU time. */
struct probe_costs {
	uint64_t entry;         /* the entry of a handler, whose URL is read and has no marker */
	uint64_t end;           /* an instruction that the kernel emulates, with hardly anything to do */
	uint64_t returns;       /* what the return adds to a function's entry */
	uint64_t stepped;       /* what an instruction adds over which the kernel has to step */
	bool assumed;           /* it could not be measured */
};

/* What the probes of a handler cost: each of its calls, and each time that its thread turns to a request. */
struct handler_cost {
	uint64_t call, turn;
};
struct handler_cost handler_cost(const struct probe_costs *costs, const struct msg_handler *where, const struct rp_handler *handler);

#endif
