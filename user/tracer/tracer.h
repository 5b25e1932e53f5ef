/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tracer: the process that holds the privileges. It loads and attaches, arms, answers, and parses nothing that is in the target's files or
 * memory; of the kernel's text it compares the target's paths and command line with fixed words, to say what runs. */
#ifndef REQPROF_TRACER_H
#define REQPROF_TRACER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "reqprof.h"

struct tracer_options {
	const pid_t *pids;      /* -p, ids as the caller sees them; n_pids 0: by port */
	size_t n_pids;
	uint16_t port;          /* --port; 0 = none */
	uint64_t duration_ns;   /* -d; 0 = until ^C */
	struct rp_config config;
	struct rp_marker markers[RP_MAX_MARKERS];
	const char *const *handlers; /* --handler, as given */
	size_t n_handlers;
	bool handlers_automatic; /* these are the known servers', for connections that do not speak plain HTTP/1 */
	const char *const *handler_files; /* names of their executables, NULL-terminated; NULL = any */
	bool handlers_likely;   /* set by the tracer: a target runs one of those */
	bool sources;           /* --source: source code may be asked for */
	const char *curl_query; /* what to append to a URL for the printed curl line ("profile=1", "token=…"), NULL = nothing */
};

/* Record until ^C, the end of the duration, of the targets or of the worker. `sock` and `questions` (non-blocking): the tracer's ends of
 * the protocol; `worker`: its pid. Prints its own errors. Returns an exit status: 0, or 1 if it failed; the worker's own status is the
 * caller's to collect. */
int tracer_run(const struct tracer_options *options, int sock, int questions, pid_t worker);

/* One line of doctor: what, whether it works, and what to do if not (NULL = nothing). fatal: without it nothing can be recorded. */
struct check {
	const char *what;
	bool ok, fatal;
	char why[256];
};

/* Probes this kernel (and, with pid > 0, this process). Returns the number of checks put into `checks` (at most max). */
size_t tracer_check(pid_t pid, struct check *checks, size_t max);

#endif
