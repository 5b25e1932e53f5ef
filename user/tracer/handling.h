/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests by handlers: when they are probed, and the processes that are forked then. */
#ifndef REQPROF_HANDLING_H
#define REQPROF_HANDLING_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tracer/handler_probes.h"
#include "tracer/session.h"

struct handling {
	int worker;             /* where it is told what calls cost */
	struct handler_probes *probes;
	struct ring_buffer *forks; /* NULL = nothing is probed */
	bool failed;
};

/* Does one of them run an executable of one of these names (patterns, NULL-terminated; NULL = none)? */
bool handling_is_likely(const pid_t *pids, size_t n, const char *const *files);

/* Probe all that was found and will be; says where. 0, or −errno (printed): one has not been found anywhere. */
int handling_start(struct handling *h, struct session *session, struct handler_probes *probes);

/* Handlers that nobody asked for: probe them as soon as there are connections that need it. */
void handling_look(struct handling *h, struct session *session, struct handler_probes *probes);

/* Readable when processes were forked; −1 = nothing is probed. */
int handling_fd(const struct handling *h);
void handling_read(struct handling *h);

void handling_end(struct handling *h);

#endif
