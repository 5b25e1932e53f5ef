/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/report.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "capture/names.h"
#include "capture/replay.h"
#include "capture/report_line.h"
#include "capture/source_code.h"

#define ID_BITS 24

void reporter_init(struct reporter *r, const struct worker_options *options, struct namer *namer)
{
	*r = (struct reporter){.options = options, .namer = namer};
	r->ids = xcalloc(1 << (ID_BITS - 3), 1); /* 2 MB of address space, a page of memory per id at most */
}

void reporter_fini(struct reporter *r)
{
	free(r->ids);
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */

/* Random, so that names do not collide with those of other runs in the same directory; unique in this one. */
static void new_id(struct reporter *r, char id[static 7])
{
	uint32_t n;

	do {
		while (getrandom(&n, sizeof n, 0) != sizeof n)
			;
		n &= (1U << ID_BITS) - 1;
	} while (r->ids[n / 8] & 1U << n % 8);
	r->ids[n / 8] |= 1U << n % 8;
	snprintf(id, 7, "%06x", n);
}

static void copy_request(struct profile *to, const struct request *from)
{
	struct request *q = &to->request;

	*q = *from;
	q->method = profile_string(to, from->method);
	q->target = profile_string(to, from->target);
	q->http_version = profile_string(to, from->http_version);
	q->local = profile_string(to, from->local);
	q->remote = profile_string(to, from->remote);
	q->marker = profile_string(to, from->marker);
	q->comm = profile_string(to, from->comm);
}

static int mark_order(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->t != y->t ? (x->t > y->t) - (x->t < y->t) : (int)x->kind - (int)y->kind;
}

static void add_mark(struct profile *p, enum mark_kind kind, uint64_t ns, uint64_t begin_ns)
{
	struct request *q = &p->request;
	uint64_t t = ns > begin_ns ? ns - begin_ns : 0;

	if (ns)
		q->marks[q->n_marks++] = (struct mark){.t = t < p->time.wall_ns ? t : p->time.wall_ns, .kind = kind};
}

static void fill_marks(struct profile *p, const struct rp_begin *begin, const struct rp_end *end)
{
	p->request.n_marks = 0;
	if (p->request.source == SOURCE_HANDLER)
		add_mark(p, MARK_handler_entry, begin->begin_ns, begin->begin_ns);
	add_mark(p, MARK_head_read, end->head_read_ns, begin->begin_ns);
	add_mark(p, MARK_body_read, end->body_read_ns, begin->begin_ns);
	add_mark(p, MARK_first_response_byte, end->first_write_ns, begin->begin_ns);
	qsort(p->request.marks, p->request.n_marks, sizeof p->request.marks[0], mark_order);
}

static const char *trace_id(struct profile *p, const struct rp_end *end)
{
	char hex[2 * sizeof end->trace_id + 1];

	if (!end->has_trace_id)
		return NULL;
	for (size_t i = 0; i < sizeof end->trace_id; i++)
		snprintf(hex + 2 * i, 3, "%02x", end->trace_id[i]);
	return profile_string(p, hex);
}

/* What only the end of the request tells. */
static void fill_end(struct profile *p, const struct live_request *q)
{
	static const enum request_end ends[] = {[RP_END_SEEN] = END_SEEN, [RP_END_INFERRED] = END_INFERRED, [RP_END_CUT_OFF] = END_CUT_OFF};
	const struct rp_end *end = &q->end;
	struct request *r = &p->request;

	r->end = q->has_end && end->h.flags < ARRAY_LEN(ends) ? ends[end->h.flags] : END_CUT_OFF;
	if (!q->has_end)
		return;
	r->status = end->status || r->source != SOURCE_HANDLER ? (int32_t)end->status : -1;
	r->bytes_in = end->bytes_in;
	r->bytes_out = end->bytes_out;
	r->trace_id = trace_id(p, end);
	fill_marks(p, &q->begin, end);
}

static void fill_time(struct profile *p, const struct live_request *q)
{
	const struct rp_begin *begin = &q->begin;

	p->time.network_estimated = begin->h.flags & RP_BEGIN_TENTATIVE;
	p->time.socket_queue_ns = begin->socket_queue_ns == RP_UNKNOWN_NS ? -1 : (int64_t)begin->socket_queue_ns;
	p->time.pipeline_queue_ns = begin->pipeline_queue_ns;
	p->time.in_flight_max = q->has_end && q->end.in_flight_max ? q->end.in_flight_max : 1;
}

static void add_truncation(struct profile *p, const char *reason, uint64_t stacks)
{
	struct about *about = &p->about;

	if (!stacks)
		return;
	p->lost.stacks_truncated += stacks;
	GROW(about->truncations, about->n_truncations, about->cap_truncations);
	about->truncations[about->n_truncations++] = (struct truncation){.reason = profile_string(p, reason), .stacks = stacks};
}

/* What is wrong with its Python frames, 0 = nothing: reasons behind those of the native ones. */
enum python_reason { PYTHON_BROKEN = RP_N_STACK_REASONS, PYTHON_DEPTH, PYTHON_INEXACT, N_REASONS };

static int reason_of(const struct raw_stack *s)
{
	int native = RP_STACK_REASON(s->flags);

	if (native)
		return native < RP_N_STACK_REASONS ? native : 0;
	if (s->flags & RP_STACK_PYTHON_BROKEN)
		return PYTHON_BROKEN;
	if (s->flags & RP_STACK_PYTHON_DEPTH)
		return PYTHON_DEPTH;
	return s->inexact ? PYTHON_INEXACT : 0;
}

static void fill_truncations(struct profile *p, const struct live_request *q)
{
#define REASON_TEXT(name, text) text,
	static const char *const reasons[] = {
		RP_STACK_REASONS(REASON_TEXT)
		[PYTHON_BROKEN] = "Python frames not readable",
		[PYTHON_DEPTH] = "more than 256 Python frames",
		[PYTHON_INEXACT] = "native and Python frames do not agree",
	};
	uint64_t truncated[N_REASONS] = {0};
	struct raw_stack *s, *next;

	HASH_ITER(hh, q->stacks, s, next)
		truncated[reason_of(s)] += s->used && !(s->flags & RP_STACK_OTHERS);
	for (size_t i = 1; i < N_REASONS; i++)
		add_truncation(p, reasons[i], truncated[i]);
}

static void fill_lost(struct profile *p, const struct live_request *q)
{
	fill_truncations(p, q);
	p->lost.frames_unknown = q->faults.unknown;
	p->lost.events_dropped = q->end.dropped;
	p->lost.refused_live = q->end.refused_live;
	p->lost.refused_rate = q->end.refused_rate;
}

static void fill_machine(struct profile *p)
{
	struct utsname u;

	if (uname(&u))
		return;
	p->about.host = profile_string(p, u.nodename);
	p->about.kernel = profile_string(p, u.release);
}

static void fill_program(const struct reporter *r, struct profile *p)
{
	const struct program_told *told = r->programs ? programs_find(r->programs, p->request.pid) : NULL;

	if (!told)
		return;
	p->about.program = profile_string(p, told->program);
	p->about.runtime = profile_string(p, told->runtime);
}

/* Ticks, switches and what is recorded of a handler's call by what they were found to cost; its probes as measured when they were attached. */
static uint64_t overhead_ns(const struct reporter *r, const struct profile *p, const struct live_request *q)
{
	const struct program_told *told = r->programs ? programs_find(r->programs, p->request.pid) : NULL;
	const struct worker_options *o = r->options;
	uint64_t ns = q->end.ticks * o->tick_cost_ns + q->end.switches * o->switch_cost_ns;

	if (p->request.source == SOURCE_HANDLER)
		ns += o->handler_cost_ns + q->turns * o->turn_cost_ns;
	if (p->request.source == SOURCE_HANDLER && told)
		ns += told->call_ns + q->turns * told->turn_ns;
	return ns;
}

static void fill_about(const struct reporter *r, struct profile *p, const struct live_request *q)
{
	const struct worker_options *o = r->options;
	struct about *about = &p->about;

	fill_machine(p);
	fill_program(r, p);
	about->version = profile_string(p, REQPROF_VERSION);
	about->command = profile_string(p, o->command);
	about->event = profile_string(p, "cpu-clock");
	about->interrupt = profile_string(p, "unavailable");
	about->arming = profile_string(p, r->fifo ? "fifo" : "timer");
	about->overhead_ns = overhead_ns(r, p, q);
	about->workers_refused = q->end.workers_refused;
	about->keeps_url = o->keep_url;
	for (size_t i = 0; i < q->processes.n; i++)
		names_executables(r->namer, p, q->processes.list[i].pid);
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void print_line(struct reporter *r, const struct profile *p, const char *path)
{
	_cleanup_free_ char *link = NULL;
	_cleanup_free_ char *line = NULL;

	if (r->silent)
		return;
	if (r->options->color && isatty(STDOUT_FILENO))
		link = realpath(path, NULL);
	line = report_line(p, path, link);
	log_status_hide();
	if (puts(line) == EOF || fflush(stdout) == EOF) {
		r->silent = true;
		if (errno != EPIPE)
			log_warn("cannot print to stdout: %s; recording goes on", strerror(errno));
	}
	log_status_show();
}

/* Write it under a new id, in place of `replaces` ("" = none). */
static bool write_report(struct reporter *r, struct profile *p, const char *replaces)
{
	_cleanup_free_ char *path = NULL;
	int e;

	new_id(r, p->request.id);
	e = r->options->writer.write(r->options->writer.ctx, p, *replaces ? replaces : NULL, &path);
	if (e) {
		log_error("%s", path ? path : strerror(-e));
		r->failed++;
		return false;
	}
	if (path)
		print_line(r, p, path);
	return true;
}

/* The profile of what was seen up to now. How late a tick is, its interval tells. */
static void build(const struct reporter *r, struct profile *p, struct live_request *q, uint64_t now_ns)
{
	p->about.interval_ns = r->options->interval_ns;
	replay_build(q, r->namer, p, now_ns);
	fill_end(p, q);
	fill_time(p, q);
	fill_lost(p, q);
	fill_about(r, p, q);
	if (r->options->sources)
		source_code_add(r->namer, p);
}

void report_final(struct reporter *r, struct live_request *q, uint64_t now_ns)
{
	struct profile *p = q->profile;

	replay_name_stacks(q, r->namer, r->pump, r->pump_ctx);
	build(r, p, q, q->has_end ? q->end.end_ns : now_ns);
	r->written += write_report(r, p, q->snapshot_id);
}

void report_snapshot(struct reporter *r, struct live_request *q, uint64_t now_ns)
{
	struct profile *p = profile_new();

	replay_name_stacks(q, r->namer, NULL, NULL); /* a pump might end the request under our hands */
	replay_copy_stacks(p, q->profile);
	copy_request(p, &q->profile->request);
	build(r, p, q, now_ns);
	if (write_report(r, p, q->snapshot_id))
		memcpy(q->snapshot_id, p->request.id, sizeof q->snapshot_id);
	profile_free(p);
}
