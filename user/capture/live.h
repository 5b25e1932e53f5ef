/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The marked requests that are being recorded: from events to one record per request. What they mean is worked out when they are over
 * (report.h); only what would be lost by then is done at once: the request line is redacted, mappings are read.
 */
#ifndef REQPROF_LIVE_H
#define REQPROF_LIVE_H

#include <linux/types.h>

#include "capture/processes.h"
#include "capture/record.h"
#include "capture/stacks.h"
#include "capture/worker.h"
#include "reqprof.h"

#define LIVE_ENDED_MAX 256 /* serials of ended requests that are remembered, so that a straggler does not begin them again */

struct live_request {
	struct live_request *next;
	uint32_t serial;
	bool has_begin, has_end; /* has_end false when it is over: cut off by us */
	struct rp_begin begin;
	struct rp_end end;
	struct profile *profile; /* of the report: holds the request's facts and owns the record's strings from the begin on */
	struct processes processes;
	struct profile *others; /* names the stacks of others, so that no frame of them is in the report; NULL = there are none */
	struct raw_stack *stacks;
	struct record_log log;
	uint32_t group;         /* serial of its group (groups.h), 0 = none */
	uint32_t n_shared;      /* events from there */
	bool lacks_group;       /* there were too many of them: its tasks are not known */
	uint32_t n_tasks;       /* that are its own, or have claimed it */
	uint32_t turns;         /* RP_EV_TASK_RUNS */
	struct name_faults faults;
	char snapshot_id[7];    /* id of the report that shows it unfinished; empty = none */
};

struct group;

struct live {
	const struct worker_options *options;
	struct namer *namer;
	struct live_request *requests;  /* not over */
	struct live_request *finished, **finished_tail;
	struct group *groups;
	bool closed;            /* new requests are not taken any more */
	uint64_t incomplete;    /* requests without a report because the event of their begin was lost */
	uint64_t given_up;      /* requests that have no report because it was closed */
	uint32_t ended[LIVE_ENDED_MAX];
	unsigned int n_ended;
};

void live_init(struct live *l, const struct worker_options *options, struct namer *namer);
void live_fini(struct live *l);

/* One that is not over, NULL = there is none with this serial. */
struct live_request *live_find(struct live *l, uint32_t serial);

/* An event, checked by event_check(). Returns false if nobody knows its type. */
bool live_event(struct live *l, const struct rp_event *e);

/* The request that is over longest, or NULL; it stays where it is until live_release(), because events still concern its processes. */
struct live_request *live_finished(const struct live *l);
void live_release(struct live *l); /* that one */

/* All that are not over end now. */
void live_cut(struct live *l);

/* Requests that have no report yet: not over, or over and not released. */
uint64_t live_pending(const struct live *l);

/* Take no more requests, and give up those that are not over. */
void live_close(struct live *l);

#endif
