/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `reqprof record`: everything that can be refused is refused here, before anything is attached. */
#include <cap-ng.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/opener.h"
#include "cmd/output.h"
#include "cmd/page_process.h"
#include "cmd/pids.h"
#include "cmd/record_options.h"
#include "cmd/spawn.h"
#include "cmd/targets.h"

#define BTF_FILE "/sys/kernel/btf/vmlinux"

/* What one tick, and one switch out and in of a thread of a request cost, by bpf_stats. A tick: 2 us with ten user frames, 6.7 with the 63 of a
 * FastAPI request, and the interrupt. A switch: 9.7 us for a thread that sleeps 1 ms at a time; most of it is the kernel's stack, which is cold. */
#define TICK_COST_NS 6000
#define SWITCH_COST_NS 9700

/* The same of what is recorded of a handler's call, without what its probes take of every call: that is measured. */
#define HANDLER_COST_NS 10500
#define TURN_COST_NS 2600

struct recording {
	struct record_options options;
	struct owner owner;
	struct output *output;
	int opener;             /* −1 = reports are not opened */
	struct page_process page;
};

/* Root without a capability is what containers have. */
static int check_privileges(void)
{
	static const unsigned needed[] = {CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_CHECKPOINT_RESTORE};

	capng_get_caps_process();
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		if (capng_have_capability(CAPNG_EFFECTIVE, needed[i]))
			continue;
		if (geteuid())
			return log_error("recording needs root: run it with sudo");
		return log_error("recording needs the capability %s, which root does not have here: run it outside of the container, or "
				 "in a privileged one", capng_capability_to_name(needed[i]));
	}
	return 0;
}

static int check_system(void)
{
	if (check_privileges() < 0)
		return -1;
	if (access(BTF_FILE, R_OK))
		return log_error("this kernel has no type information (" BTF_FILE "): one with CONFIG_DEBUG_INFO_BTF is needed");
	return 0;
}

/* The port is bound as who we are still, the reports are read as their owner. */
static int start_page(struct recording *r)
{
	struct record_options *o = &r->options;
	struct server_options server = {.listener = -1};
	_cleanup_free_ char *where = NULL;

	if (page_prepare(&server, &o->serve_at, "--serve=") < 0 || page_start(&r->page, &server, output_fd(r->output), &r->owner) < 0)
		return -1;
	where = page_announcement(&server, &o->serve_at, &r->owner, "--serve");
	fputs(where, stderr);
	return 0;
}

static int prepare(struct recording *r)
{
	struct record_options *o = &r->options;
	const struct output_options output = {
		.path = o->output, .single = o->count == 1, .formats = o->formats, .n_formats = o->n_formats,
	};

	if (o->sources)
		log_warn("--source: reports will contain source code of the functions they show; think of that before sharing them");
	if (pids_resolve(o->pids, &o->n_pids) < 0 || check_system() < 0 || owner_find(&r->owner) < 0)
		return -1;
	if (output_open(&output, &r->owner, &r->output) < 0)
		return -1;
	if (o->open)
		r->opener = opener_start(&r->owner);
	return o->serve ? start_page(r) : 0;
}

static int write_report(void *ctx, const struct profile *p, const char *replaces, char **ret_path)
{
	struct recording *r = ctx;
	int result = output_write(r->output, p, replaces, ret_path);

	if (!result && r->opener >= 0) {
		_cleanup_free_ char *absolute = output_absolute(r->output, *ret_path);

		opener_send(r->opener, absolute);
	}
	return result;
}

static bool wants_color(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDERR_FILENO) && !(no && *no);
}

static int record(struct recording *r)
{
	const struct record_options *o = &r->options;
	struct tracer_options tracer;
	const struct worker_options worker = {
		.kallsyms_fd = -1,
		.keep_url = o->keep_url,
		.sources = o->sources,
		.count = o->count,
		.markers = o->markers.texts,
		.n_markers = o->markers.n,
		.handlers = o->handlers,
		.n_handlers = o->n_handlers,
		.handlers_automatic = o->handlers_automatic,
		.command = o->command,
		.interval_ns = o->interval_ns,
		.tick_cost_ns = TICK_COST_NS,
		.switch_cost_ns = SWITCH_COST_NS,
		.handler_cost_ns = HANDLER_COST_NS,
		.turn_cost_ns = TURN_COST_NS,
		.color = wants_color(),
		.writer = {.ctx = r, .write = write_report},
	};
	const int keep[] = {output_fd(r->output), r->opener, r->page.alive}; /* what is recorded last is shown, too */
	int status;

	record_options_tracer(o, &tracer);
	status = spawn(&(struct spawn){.tracer = &tracer, .worker = &worker, .owner = &r->owner, .keep = keep, .n_keep = ARRAY_LEN(keep)});
	free((char *)tracer.curl_query);
	return status;
}

static int run(int argc, char **argv)
{
	struct recording r = {.opener = -1, .page.alive = -1};
	int status = EXIT_USAGE;

	if (record_options_parse(&r.options, argc, argv) == 0) {
		if (!r.options.n_pids && !r.options.port)
			targets_print();
		else
			status = prepare(&r) < 0 ? EXIT_FAILED : record(&r);
	}
	if (r.opener >= 0)
		close(r.opener);
	page_stop(&r.page);
	output_close(r.output);
	record_options_free(&r.options);
	return status;
}

const struct command command_record = {
	.name = "record",
	.help = "write a report of every marked request (the default)",
	.run = run,
};
