/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where requests come from: who reads the facts of a request out of the event that begins it. To add one: a file and a row in sources.c.
 */
#ifndef REQPROF_SOURCES_H
#define REQPROF_SOURCES_H

#include <linux/types.h>

#include "capture/worker.h"
#include "profile/profile.h"
#include "reqprof.h"

struct source {
	const char *name;
	enum request_source kind;
	/* Is this the source of the request? Then fill p->request's method, target, version and addresses, redacted (the event is the last
	 * that holds them as sent). `line`: begin->line_len bytes. */
	bool (*begin)(struct profile *p, const struct rp_begin *begin, const char *line, const struct worker_options *options);
};

extern const struct source *const sources[]; /* NULL-terminated */

extern const struct source source_handler, source_http;

/* For those: what a request line of n bytes says, and the ends of its connection. */
void source_line(struct profile *p, const char *line, size_t n, const struct worker_options *options);
void source_addresses(struct profile *p, const struct rp_begin *begin);

/* Facts by the first source that says the request is its own. */
void source_begin(struct profile *p, const struct rp_begin *begin, const char *line, const struct worker_options *options);

#endif
