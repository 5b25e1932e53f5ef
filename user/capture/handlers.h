/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The handlers of the command line in the processes that are followed: found (handler/find.h) and handed to the tracer. Part of the process that
 * finds names.
 */
#ifndef REQPROF_HANDLERS_H
#define REQPROF_HANDLERS_H

#include <linux/types.h>

#include "handler/spec.h"
#include "symbol/symbolizer.h"

/* Who takes what is found. fd: sealed memory (base/protocol.h, MSG_HANDLER), which stays the caller's; −1 = the process has it no more. never: it
 * cannot be used at all. 0 or −errno. */
struct handlers_sink {
	void *ctx;
	int (*handler)(void *ctx, int pid, size_t number, int fd, bool never);
};

struct handlers;

/* All of these must outlive it. */
struct handlers *handlers_new(const struct handler_spec *specs, size_t n, struct symbolizer *symbols, const struct symbol_source *source,
			      const struct handlers_sink *sink);
void handlers_free(struct handlers *hs); /* NULL is fine */

/* The mappings of a process were read (symbolizer_add_process): look for its handlers, and hand over what has changed. pid 0: of all that were
 * asked about before. */
void handlers_update(struct handlers *hs, int pid);

/* The process is over, or runs another program. */
void handlers_forget(struct handlers *hs, int pid);

#endif
