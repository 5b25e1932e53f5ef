/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The BPF side of a recording: loads, attaches, follows processes. The only module that knows the skeleton. Errors are −errno and printed here,
 * because only here is known which step failed. */
#ifndef REQPROF_SESSION_H
#define REQPROF_SESSION_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "reqprof.h"
#include "tracer/handler_probes.h"
#include "tracer/interpreters.h"
#include "tracer/probe_costs.h"
#include "tracer/tracer.h"

struct session;

/* Load the programs with this configuration. NULL and errno on failure. */
struct session *session_new(const struct tracer_options *options);
void session_free(struct session *s); /* detaches; NULL is fine */

/* Attach everything but the perf events (those are the arming thread's). */
int session_attach(struct session *s);
void session_detach(struct session *s);

/* Follow a process (not its descendants) from now on. −ESRCH: it is gone. */
int session_follow(struct session *s, pid_t pid);
bool session_follows(struct session *s, pid_t pid);

/* After session_follow(): note which of its sockets are open already (open_sockets.h), so that a connection in the middle of a message does not pass
 * for a new one. Again does no harm. What cannot be noted is warned of. */
void session_note_sockets(struct session *s, pid_t pid);
/* All followed processes are noted: learn which threads they have, and begin. */
int session_noted(struct session *s);

/* Who tells the programs of interpreters, and attaches the probe that one needs; −EOPNOTSUPP never: without it only tasks cannot be told apart. */
struct interpreters_sink session_interpreters(struct session *s);

/* Who probes handlers, and what that costs here. */
struct handler_sink session_handlers(struct session *s);
/* Have some more requests compared with what came over their connections, as long as that is not known to agree. Now and then. */
void session_check_handlers(struct session *s);
void session_measure_probes(struct session *s, struct probe_costs *ret);

/* End what only time can tell, or (RP_SWEEP_CUT) everything. */
int session_sweep(struct session *s, uint32_t flags, struct rp_sweep *ret);

uint32_t session_live(const struct session *s);     /* requests being recorded */
uint32_t session_followed(const struct session *s); /* processes followed that have not exited */

/* Descriptors of maps, and of a program; the session's. */
struct session_fds {
	int events, counters;   /* what the worker reads */
	int forks;              /* of processes with handlers */
	int chunks, spaces;     /* unwinding tables: tables.h */
	int arm_rings, cpu_state;
	int tick;               /* program of the perf events */
};
struct session_fds session_fds(const struct session *s);

const uint64_t *session_counters(const struct session *s); /* RP_COUNTER_ROWS rows */

#endif
