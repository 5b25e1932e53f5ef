/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The worker: the process without privileges. It drains the events, builds a profile of every marked request and hands it to the writer
 * that the command gave it; prints the report lines, hints and the summary. It opens no file of the target: names come from a process that
 * it starts (namer.h).
 */
#ifndef REQPROF_WORKER_H
#define REQPROF_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "profile/profile.h"

/* Where finished profiles go. */
struct report_writer {
	void *ctx;
	/* Write all files of the report. `replaces`: id of a snapshot whose files it replaces, or NULL. On success 0 and the path to tell
	 * the user (the caller frees it); else −errno and a message in *ret_path (what failed, on what, why). */
	int (*write)(void *ctx, const struct profile *p, const char *replaces, char **ret_path);
};

/* A -m marker as the worker needs it: to name it in the report, to mask it, to hint. */
struct worker_marker {
	const char *text;       /* as given: "profile=1", "path:/orders*" */
	bool secret;            /* a query marker whose value is not 1: shown as NAME=… */
	bool is_query;
};

struct worker_options {
	int kallsyms_fd;        /* −1 = none */
	bool keep_url;
	bool sources;           /* --source: reports have source code */
	uint64_t count;         /* -n; 0 = no limit */
	const struct worker_marker *markers;
	size_t n_markers;
	const struct handler_spec *handlers; /* --handler */
	size_t n_handlers;
	bool handlers_automatic;
	const char *command;    /* for about.command, secrets masked */
	uint64_t interval_ns;
	uint64_t handler_cost_ns, turn_cost_ns; /* of a recorded call of a handler, of each time that its thread turns to it, without the traps */
	uint64_t tick_cost_ns, switch_cost_ns; /* measured or assumed cost, for about.overhead_ns */
	bool color;             /* status line and hyperlinks: stderr / stdout are terminals and NO_COLOR is not set */
	struct report_writer writer;
};

/* Run until the tracer says stop. `sock` and `questions`: this end of the protocol. Returns the process's exit status. */
int worker_run(const struct worker_options *options, int sock, int questions);

#endif
