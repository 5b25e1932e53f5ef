/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the record of a request to its profile, its files and its line. */
#ifndef REQPROF_REPORT_H
#define REQPROF_REPORT_H

#include "capture/live.h"
#include "capture/programs.h"
#include "capture/worker.h"

struct reporter {
	const struct worker_options *options;
	struct namer *namer;
	const struct programs *programs; /* NULL = none is known */
	void (*pump)(void *ctx); /* called between stacks: naming them may take long, and the events go on; NULL = nothing */
	void *pump_ctx;
	uint8_t *ids;           /* one bit per id that was given */
	uint64_t written;       /* final reports, no snapshots */
	uint64_t failed;        /* reports that could not be written */
	bool fifo;              /* the arming thread samples first, else the timer */
	bool silent;            /* nobody reads stdout any more */
};

void reporter_init(struct reporter *r, const struct worker_options *options, struct namer *namer);
void reporter_fini(struct reporter *r);

/* The request is over (at now_ns, if no event said so): write its report and print its line. Errors are printed and counted. */
void report_final(struct reporter *r, struct live_request *q, uint64_t now_ns);

/* What is known of a request that is not over, as cut off at now_ns. */
void report_snapshot(struct reporter *r, struct live_request *q, uint64_t now_ns);

#endif
