/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of `reqprof record`. */
#ifndef REQPROF_RECORD_OPTIONS_H
#define REQPROF_RECORD_OPTIONS_H

#include <linux/types.h>

#include "cmd/listen.h"
#include "cmd/markers.h"
#include "cmd/quantity.h"
#include "format/format.h"
#include "handler/spec.h"
#include "tracer/tracer.h"

#define RECORD_FORMATS_MAX 16

struct record_options {
	pid_t *pids;            /* -p */
	size_t n_pids, cap_pids;
	uint16_t port;          /* --port; 0 = none */
	struct markers markers; /* -m, or profile=1 */
	uint64_t interval_ns;   /* -i, -F */
	uint64_t count;         /* -n; 0 = no limit */
	uint64_t duration_ns;   /* -d; 0 = no limit */
	uint64_t max_time_ns;   /* --max-time; 0 = no limit */
	uint32_t max_live;      /* --max-live */
	struct rate max_rate;   /* --max-rate */
	const char *output;     /* -o; NULL = the default */
	const struct format *formats[RECORD_FORMATS_MAX]; /* -f, or html */
	size_t n_formats;
	struct handler_spec *handlers; /* --handler */
	const char **handler_names, **handler_files;
	size_t n_handlers, cap_handlers;
	bool handlers_automatic; /* none was given: these are the known servers' */
	bool sources;           /* --source */
	bool keep_url, open;
	bool serve;             /* --serve */
	struct listen_address serve_at;
	char *command;          /* the command line, secrets masked */
};

/* Parse, fill in the defaults, and overwrite secrets in argv. 0, or −EINVAL (printed). A target may be missing.
 * --help and --version exit. */
int record_options_parse(struct record_options *ret, int argc, char **argv);
void record_options_free(struct record_options *o);

/* What the tracer is to do. Points into `o`; curl_query is the caller's to free. */
void record_options_tracer(const struct record_options *o, struct tracer_options *ret);

#endif
