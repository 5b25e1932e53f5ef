/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/record_options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/command_line.h"
#include "cmd/help.h"
#include "cmd/later.h"
#include "cmd/pids.h"

#define DEFAULT_MARKER "profile=1"
#define INTERVAL_MIN_NS (100 * NS_PER_US)
#define INTERVAL_MAX_NS NS_PER_S

enum { KEY_HANDLER = 0x200, KEY_PORT = 0x100, KEY_MAX_LIVE, KEY_MAX_RATE, KEY_MAX_TIME, KEY_KEEP_URL, KEY_SOURCE, KEY_OPEN, KEY_SERVE };

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "Target:", 1},
	{"pid", 'p', "PID[,PID]", 0, "These processes and their descendants", 0},
	{"port", KEY_PORT, "N", 0, "Every process that listens on port N, also later ones", 0},
	{NULL, 0, NULL, 0, "Which requests:", 2},
	{"marker", 'm', "MARKER", 0,
	 "NAME=VALUE in the query, 'path:[METHOD ]GLOB', or @FILE with one of these a line; repeatable (profile=1)", 0},
	{"handler", KEY_HANDLER, "SPEC", 0,
	 "Requests are calls of a function: SYMBOL[@BINARY][,url=EXPR][,method=EXPR] [,status=EXPR][,end=SYMBOL], or a known server "
	 "(nginx, apache, lighttpd, h2o, uwsgi, php-fpm, go); repeatable", 0},
	{NULL, 0, NULL, 0, "How much:", 3},
	{"interval", 'i', "TIME", 0, "Sample every TIME of CPU, 100us to 1s (1ms)", 0},
	{"rate", 'F', "HZ", 0, "The same as a frequency, 1 to 10000", 0},
	{"count", 'n', "N", 0, "Stop after N reports", 0},
	{"duration", 'd', "TIME", 0, "Stop after TIME, for example 60s or 5m", 0},
	{"max-live", KEY_MAX_LIVE, "N", 0, "Record at most N requests at once (4)", 0},
	{"max-rate", KEY_MAX_RATE, "N/UNIT", 0, "Record at most N requests per s, m or h; 0 = no limit (60/m)", 0},
	{"max-time", KEY_MAX_TIME, "TIME", 0, "Write a request that takes longer as cut off; 0 = no limit (60s)", 0},
	{NULL, 0, NULL, 0, "Where to:", 4},
	{"output", 'o', "DIR|FILE", 0, "Directory of the reports (reqprof-reports); with -n 1 and one format also a file", 0},
	{"format", 'f', "FORMAT", 0, "html, json, text, folded, speedscope, pprof or gecko, repeatable (html); a .rp file is always written", 0},
	{"keep-url", KEY_KEEP_URL, NULL, 0, "Keep the values of query parameters", 0},
	{"source", KEY_SOURCE, NULL, 0, "Keep source code around the lines that were executed: reports are confidential", 0},
	{"open", KEY_OPEN, NULL, 0, "Open each report in your browser", 0},
	{"serve", KEY_SERVE, "ADDR:PORT", OPTION_ARG_OPTIONAL, "Show the reports in a browser as they land (" LISTEN_DEFAULT ")", 0},
	{"quiet", 'q', NULL, 0, "Print report lines and errors only", 0},
	{"verbose", 'v', NULL, 0, "Print details", 0},
	{NULL, 0, NULL, 0, "Help:", -1},
	{0},
};

static const char doc[] =
	"Attach to a running HTTP server and write one report of every request whose URL carries the marker (?profile=1), until ^C.\v"
	"Examples:\n"
	"  sudo reqprof --pid 4242\n"
	"  sudo reqprof --port 8000 -m 'path:POST /orders*' -n 1 -o slow.html\n"
	"  reqprof report last\n"
	"\n"
	"Without a target, the servers that could be recorded are listed.\n"
	"Exit status: 0 done, 1 failed (or -n not reached), 2 wrong command line.";

/* ---- parsing ----------------------------------------------------------------------------------------------------- */

struct parse {
	struct record_options *o;
	bool has_interval, has_rate;
	char **secrets;         /* where secret values begin in argv */
	size_t n_secrets, cap_secrets;
};

static int parse_pids(struct record_options *o, const char *arg)
{
	if (!pids_parse(arg, &o->pids, &o->n_pids, &o->cap_pids))
		return 0;
	log_error("--pid %s: not a process id", arg);
	return EINVAL;
}

static int parse_port(struct record_options *o, const char *arg)
{
	uint64_t port;

	if (quantity_number(arg, 1, 65535, &port)) {
		log_error("--port %s: not a port, 1 to 65535", arg);
		return EINVAL;
	}
	if (o->port && o->port != port) {
		log_error("--port: only one port can be recorded at a time");
		return EINVAL;
	}
	o->port = port;
	return 0;
}

static int parse_marker(struct parse *p, char *arg)
{
	_cleanup_free_ char *why = NULL;
	char *secret = markers_secret(arg);

	if (secret) {
		GROW(p->secrets, p->n_secrets, p->cap_secrets);
		p->secrets[p->n_secrets++] = secret;
	}
	if (!markers_add(&p->o->markers, arg, &why))
		return 0;
	if (strchr(arg, '=') || *arg == '@')
		log_error("--marker: %s", why);
	else
		log_error("--marker %s: %s", arg, why);
	return EINVAL;
}

static int parse_handler(struct record_options *o, const char *arg)
{
	_cleanup_free_ char *why = NULL;
	struct handler_spec spec;

	if (handler_spec_parse(arg, &spec, &why)) {
		log_error("--handler %s: %s", arg, why);
		return EINVAL;
	}
	GROW(o->handlers, o->n_handlers, o->cap_handlers);
	o->handlers[o->n_handlers++] = spec;
	return 0;
}

static int parse_interval(struct parse *p, const char *arg)
{
	int r = quantity_duration(arg, 0, &p->o->interval_ns);

	p->has_interval = true;
	if (r == -EINVAL) {
		log_error("--interval %s: not a time with a unit (us, ms or s), for example 1ms", arg);
		return EINVAL;
	}
	if (r || p->o->interval_ns < INTERVAL_MIN_NS || p->o->interval_ns > INTERVAL_MAX_NS) {
		log_error("--interval %s: must be from 100us to 1s", arg);
		return EINVAL;
	}
	return 0;
}

static int parse_frequency(struct parse *p, const char *arg)
{
	uint64_t hz;

	p->has_rate = true;
	if (quantity_number(arg, 1, NS_PER_S / INTERVAL_MIN_NS, &hz)) {
		log_error("--rate %s: must be from 1 to 10000 samples a second", arg);
		return EINVAL;
	}
	p->o->interval_ns = NS_PER_S / hz;
	return 0;
}

static int parse_count(struct record_options *o, const char *arg)
{
	if (!quantity_number(arg, 1, UINT64_MAX, &o->count))
		return 0;
	log_error("--count %s: not a number of reports, 1 or more", arg);
	return EINVAL;
}

static int parse_time(const char *option, const char *arg, bool zero, uint64_t *ret_ns)
{
	if (!quantity_duration(arg, NS_PER_S, ret_ns) && (*ret_ns || zero))
		return 0;
	log_error("%s %s: not a time, for example 90s or 5m", option, arg);
	return EINVAL;
}

static int parse_max_live(struct record_options *o, const char *arg)
{
	uint64_t n;

	if (quantity_number(arg, 0, RP_MAX_LIVE, &n)) {
		log_error("--max-live %s: must be from 1 to %d", arg, RP_MAX_LIVE);
		return EINVAL;
	}
	if (!n)
		log_warn("--max-live 0: there is always a limit, %d", RP_MAX_LIVE);
	o->max_live = n ? n : RP_MAX_LIVE;
	return 0;
}

static int parse_max_rate(struct record_options *o, const char *arg)
{
	if (!quantity_rate(arg, &o->max_rate))
		return 0;
	log_error("--max-rate %s: not a number per s, m or h, for example 60/m; 0 = no limit", arg);
	return EINVAL;
}

static int parse_serve(struct record_options *o, const char *arg)
{
	o->serve = true;
	if (!listen_parse(arg ? arg : LISTEN_DEFAULT, &o->serve_at))
		return 0;
	log_error("--serve=%s: not an address and port, for example " LISTEN_DEFAULT " or [::1]:7777", arg);
	return EINVAL;
}

static int parse_format(struct record_options *o, const char *arg)
{
	const struct format *format = format_by_name(arg);

	if (!format) {
		_cleanup_free_ char *names = format_names(" and ");

		log_error("--format %s: no such format; there are %s", arg, names);
		return EINVAL;
	}
	for (size_t i = 0; i < o->n_formats; i++)
		if (o->formats[i] == format)
			return 0;
	if (o->n_formats < RECORD_FORMATS_MAX)
		o->formats[o->n_formats++] = format;
	return 0;
}

static int parse_argument(const struct argp_state *state, const char *arg)
{
	if (state->quoted)
		log_error("-- COMMAND: not yet in this release; start the server yourself and give its --pid");
	else if (strspn(arg, "0123456789") == strlen(arg))
		log_error("unexpected argument %s: did you mean --pid %s?", arg, arg);
	else
		log_error("unexpected argument %s", arg);
	return EINVAL;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;
	struct record_options *o = p->o;

	switch (key) {
	case 'p': return parse_pids(o, arg);
	case KEY_PORT: return parse_port(o, arg);
	case 'm': return parse_marker(p, arg);
	case KEY_HANDLER: return parse_handler(o, arg);
	case 'i': return parse_interval(p, arg);
	case 'F': return parse_frequency(p, arg);
	case 'n': return parse_count(o, arg);
	case 'd': return parse_time("--duration", arg, false, &o->duration_ns);
	case KEY_MAX_LIVE: return parse_max_live(o, arg);
	case KEY_MAX_RATE: return parse_max_rate(o, arg);
	case KEY_MAX_TIME: return parse_time("--max-time", arg, true, &o->max_time_ns);
	case 'o': o->output = arg; return 0;
	case 'f': return parse_format(o, arg);
	case KEY_KEEP_URL: o->keep_url = true; return 0;
	case KEY_SOURCE: o->sources = true; return 0;
	case KEY_OPEN: o->open = true; return 0;
	case KEY_SERVE: return parse_serve(o, arg);
	case 'q': log_set_level(LOG_QUIET); return 0;
	case 'v': log_set_level(LOG_VERBOSE); return 0;
	case ARGP_KEY_ARG: return parse_argument(state, arg);
	}
	return ARGP_ERR_UNKNOWN;
}

/* ---- what only the whole command line can tell ------------------------------------------------------------------- */

static bool is_existing_directory(const char *path)
{
	_cleanup_free_ char *inside = xasprintf("%s/.", path);

	return !access(inside, F_OK);
}

/* -o FILE.html */
static int check_output(struct record_options *o)
{
	const struct format *format = o->output ? format_by_extension(o->output) : NULL;

	if (o->output && !*o->output) {
		log_error("--output: an empty path");
		return EINVAL;
	}
	if (!format || is_existing_directory(o->output))
		return 0;
	if (o->count != 1 || o->n_formats > 1) {
		log_error("--output %s: one file can hold one report only: add -n 1 and at most one -f, or name a directory", o->output);
		return EINVAL;
	}
	if (o->n_formats && o->formats[0] != format) {
		log_error("--output %s: the ending says %s, --format says %s", o->output, format->name, o->formats[0]->name);
		return EINVAL;
	}
	if (o->serve) {
		log_error("--serve: it shows a directory of reports: name one with -o, not a file");
		return EINVAL;
	}
	o->formats[0] = format;
	o->n_formats = 1;
	return 0;
}

/* Without its URL a marker could never match. */
static int check_handlers(struct record_options *o)
{
	if (o->n_handlers > RP_MAX_HANDLERS / 2) {
		log_error("--handler: at most %d of them", RP_MAX_HANDLERS / 2);
		return EINVAL;
	}
	for (size_t i = 0; o->markers.n && i < o->n_handlers; i++) {
		if (handler_spec_has_url(&o->handlers[i]))
			continue;
		log_error("--handler %s: -m marks requests by their URL: say where it is with url=, or leave -m out to record every call",
			  o->handlers[i].text);
		return EINVAL;
	}
	return 0;
}

static int check(struct parse *p)
{
	struct record_options *o = p->o;

	if (check_handlers(o))
		return EINVAL;

	if (p->has_interval && p->has_rate) {
		log_error("--interval and --rate say the same: give one of them");
		return EINVAL;
	}
	if (o->n_pids && o->port) {
		log_error("--pid and --port: give one of them");
		return EINVAL;
	}
	return check_output(o);
}

/* Is every request a call that is recorded as it is? */
static bool needs_marker(const struct record_options *o)
{
	for (size_t i = 0; i < o->n_handlers; i++)
		if (handler_spec_has_url(&o->handlers[i]))
			return true;
	return !o->n_handlers;
}

static void set_defaults(struct record_options *o)
{
	char *why;

	if (!o->n_handlers) {
		o->handlers_automatic = true;
		o->n_handlers = handler_specs_automatic(&o->handlers);
		o->handler_files = known_server_files();
	}
	o->handler_names = xcalloc(o->n_handlers + 1, sizeof *o->handler_names);
	for (size_t i = 0; i < o->n_handlers; i++)
		o->handler_names[i] = o->handlers[i].text;
	if (!o->markers.n && needs_marker(o))
		markers_add(&o->markers, DEFAULT_MARKER, &why);
	if (!o->n_formats)
		o->formats[o->n_formats++] = &format_html;
}

int record_options_parse(struct record_options *ret, int argc, char **argv)
{
	static const struct argp_child children[] = {{&later_record_options, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = options, .parser = parse_option, .args_doc = "--pid=PID[,PID]\n--port=N", .doc = doc, .children = children,
		.help_filter = help_commands,
	};
	struct parse p = {.o = ret};
	int r;

	*ret = (struct record_options){
		.interval_ns = NS_PER_MS, .max_live = 4, .max_rate = {60, 60 * NS_PER_S}, .max_time_ns = 60 * NS_PER_S,
	};
	argp_err_exit_status = EXIT_USAGE;
	r = argp_parse(&argp, argc, argv, 0, NULL, &p);
	if (!r)
		r = check(&p);
	if (!r) {
		set_defaults(ret);
		ret->command = command_line(argc, argv, p.secrets, p.n_secrets);
		command_line_hide(p.secrets, p.n_secrets);
	}
	free(p.secrets);
	return -r;
}

void record_options_free(struct record_options *o)
{
	for (size_t i = 0; i < o->n_handlers; i++)
		handler_spec_free(&o->handlers[i]);
	free(o->handlers);
	free(o->handler_names);
	free(o->handler_files);
	free(o->pids);
	free(o->command);
	markers_free(&o->markers);
}

void record_options_tracer(const struct record_options *o, struct tracer_options *ret)
{
	*ret = (struct tracer_options){
		.pids = o->pids,
		.n_pids = o->n_pids,
		.port = o->port,
		.duration_ns = o->duration_ns,
		.sources = o->sources,
		.config = {
			.interval_ns = o->interval_ns,
			.rate_period_ns = o->max_rate.period_ns,
			.rate_count = o->max_rate.count,
			.max_time_ns = o->max_time_ns,
			.max_live = o->max_live,
			.n_markers = o->markers.n,
		},
		.handlers = o->handler_names,
		.n_handlers = o->n_handlers,
		.handlers_automatic = o->handlers_automatic,
		.handler_files = o->handler_files,
		.curl_query = markers_query(&o->markers),
	};
	memcpy(ret->markers, o->markers.markers, sizeof ret->markers);
	for (size_t i = 0; i < o->markers.n; i++)
		ret->config.n_path_markers += ret->markers[i].kind == RP_MARKER_PATH;
}
