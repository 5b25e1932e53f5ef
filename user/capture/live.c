/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/live.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "capture/address.h"
#include "capture/causes.h"
#include "capture/contexts.h"
#include "capture/redact.h"
#include "capture/sources.h"

#define NS_PER_S 1000000000LL

void live_init(struct live *l, const struct worker_options *options, struct namer *namer)
{
	*l = (struct live){.options = options, .namer = namer};
	l->finished_tail = &l->finished;
}

static void request_free(struct live_request *r)
{
	profile_free(r->profile);
	free(r->processes.list);
	stacks_free(&r->stacks);
	record_log_free(&r->log);
	free(r);
}

static void free_list(struct live_request *r)
{
	while (r) {
		struct live_request *next = r->next;

		request_free(r);
		r = next;
	}
}

void live_fini(struct live *l)
{
	free_list(l->requests);
	free_list(l->finished);
}

/* ---- which request ----------------------------------------------------------------------------------------------- */

static bool has_ended(const struct live *l, uint32_t serial)
{
	unsigned int n = l->n_ended < LIVE_ENDED_MAX ? l->n_ended : LIVE_ENDED_MAX;

	for (unsigned int i = 0; i < n; i++)
		if (l->ended[i] == serial)
			return true;
	return false;
}

static struct live_request *find(struct live *l, uint32_t serial)
{
	for (struct live_request *r = l->requests; r; r = r->next)
		if (r->serial == serial)
			return r;
	return NULL;
}

/* A request is made by the first event that names it, so that one whose begin was dropped is counted when it ends. */
static struct live_request *find_or_make(struct live *l, uint32_t serial)
{
	struct live_request *r = find(l, serial);

	if (r || !serial || l->closed || has_ended(l, serial))
		return r;
	r = xcalloc(1, sizeof *r);
	r->serial = serial;
	r->profile = profile_new();
	r->next = l->requests;
	l->requests = r;
	return r;
}

static void unlink_request(struct live *l, struct live_request *r)
{
	struct live_request **at = &l->requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->next = NULL;
	l->ended[l->n_ended++ % LIVE_ENDED_MAX] = r->serial;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static struct raw_stack *use_stack(struct live_request *r, uint64_t id)
{
	struct raw_stack *s = stack_find(r->stacks, id);

	if (s)
		s->used = true;
	return s;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void set_start(struct request *q, uint64_t begin_ns)
{
	struct tm tm;
	time_t seconds;

	q->start_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC) + (int64_t)begin_ns;
	seconds = q->start_ns / NS_PER_S;
	q->utc_offset_s = localtime_r(&seconds, &tm) ? tm.tm_gmtoff : 0;
}

static void on_begin(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_begin *begin = (const void *)e;
	struct request *q = &r->profile->request;
	_cleanup_free_ char *marker = NULL;

	if (r->has_begin)
		return;
	r->has_begin = true;
	r->begin = *begin;
	source_begin(r->profile, begin, (const char *)(begin + 1), l->options);
	if (begin->marker < l->options->n_markers)
		marker = redact_marker(&l->options->markers[begin->marker]);
	q->marker = profile_string(r->profile, marker);
	q->pid = e->pid;
	q->comm = profile_string_n(r->profile, begin->comm, sizeof begin->comm);
	q->begin = e->flags & RP_BEGIN_JOINED ? BEGIN_JOINED : BEGIN_SEEN;
	set_start(q, begin->begin_ns);
	processes_add(&r->processes, l->namer, e->pid);
}

static void on_bind(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_bind *bind = (const void *)e;
	struct record_bind *record = record_add(&r->log, RECORD_BIND);

	record->t = e->t;
	record->worker = bind->worker;
	record->pid = e->pid;
	record->tid = e->tid;
	record->rung = bind->bound;
	record->asleep = e->flags & RP_BIND_CLONED;
	record->comm = profile_string_n(r->profile, bind->comm, sizeof bind->comm);
	processes_add(&r->processes, l->namer, e->pid);
}

static void on_release(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_release *release = (const void *)e;
	struct record_release *record = record_add(&r->log, RECORD_RELEASE);

	(void)l;
	record->t = e->t;
	record->worker = release->worker;
	record->why = e->flags;
	record->cpu_ns = release->cpu_ns;
	record->waits = release->waits;
}

static void on_tick(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_tick *tick = (const void *)e;
	struct record_tick *record = record_add(&r->log, RECORD_TICK);

	(void)l;
	record->t = e->t;
	record->worker = tick->worker;
	record->kernel = e->flags & RP_TICK_KERNEL;
	record->edge = e->type == RP_EV_EDGE;
	record->task = e->task;
	record->gil = e->flags & RP_TICK_GIL;
	record->stack = use_stack(r, tick->stack);
}

static void record_cause(struct live_request *r, struct record_wait *record, const struct rp_wait *w)
{
	struct wait_cause cause;

	wait_cause(w, &cause);
	record->cause = cause.cause;
	record->runnable = cause.runnable;
	record->futex = cause.futex;
	record->object = *cause.object ? profile_string(r->profile, cause.object) : NULL;
}

static void record_waker(struct live_request *r, struct record_wait *record, const struct rp_wait *w)
{
	record->has_waker = w->h.flags & (RP_WAIT_WAKER | RP_WAIT_WAKER_IRQ);
	if (!record->has_waker)
		return;
	if (!(w->h.flags & RP_WAIT_WAKER_IRQ)) {
		record->waker_pid = w->waker_pid;
		record->waker_tid = w->waker_tid;
	}
	record->waker_comm = profile_string_n(r->profile, w->waker_comm, sizeof w->waker_comm);
}

/* "GET /path" of a marked request, without its query. */
static const char *request_text(struct profile *p, const struct live_request *r)
{
	const struct request *q = r ? &r->profile->request : NULL;
	_cleanup_free_ char *text = NULL;

	if (!q || !q->method || !q->target)
		return NULL;
	text = xasprintf("%s %.*s", q->method, (int)strcspn(q->target, "?"), q->target);
	return profile_string(p, text);
}

/* A stack of one Python frame, for its name. */
static struct raw_stack *stack_of_frame(struct live_request *r, const struct rp_event *e, const struct rp_python_frame *frame)
{
	struct {
		struct rp_stack head;
		struct rp_python_frame frame;
	} one = {.head.h = {.pid = e->pid, .t = e->t}, .head.n_python = 1, .frame = *frame};

	if (!frame->code)
		return NULL;
	one.head.id = frame->code ^ (uint64_t)frame->instr << 32 ^ frame->check ^ (uint64_t)e->pid << 48;
	stack_add(&r->stacks, &one.head);
	return use_stack(r, one.head.id);
}

static void record_holder(struct live *l, struct live_request *r, struct record_wait *record, const struct rp_wait *w)
{
	struct rp_gil_holder holder;

	record->gil = w->h.flags & RP_WAIT_GIL;
	if (!record->gil)
		return;
	memcpy(&holder, w->object.data, sizeof holder);
	record->holder_tid = holder.tid;
	record->holder = stack_of_frame(r, &w->h, &holder.frame);
	record->holder_request = request_text(r->profile, holder.request ? find(l, holder.request) : NULL);
}

static void on_wait(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_wait *w = (const void *)e;
	struct record_wait *record = record_add(&r->log, RECORD_WAIT);

	record->out_ns = w->out_ns;
	record->woken_ns = w->woken_ns;
	record->in_ns = w->in_ns;
	record->cpu_ns = w->cpu_ns;
	record->waited_ns = w->waited_ns;
	record->seq = w->seq;
	record->worker = w->worker;
	record->pid = e->pid;
	record->preempted = e->flags & (RP_WAIT_PREEMPTED | RP_WAIT_NEW);
	record->open = e->flags & RP_WAIT_OPEN;
	record->elsewhere = e->flags & RP_WAIT_ELSEWHERE;
	record->task = e->task;
	record->stack = use_stack(r, w->stack);
	record_cause(r, record, w);
	record_waker(r, record, w);
	record_holder(l, r, record, w);
}

static void on_task(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_task *task = (const void *)e;
	struct record_task *record = record_add(&r->log, RECORD_TASK);

	(void)l;
	record->t = e->t;
	record->number = e->task;
	r->n_tasks++;
	record->parent = task->parent;
}

static void on_task_runs(struct live *l, struct live_request *r, const struct rp_event *e)
{
	struct record_task_runs *record = record_add(&r->log, RECORD_TASK_RUNS);

	(void)l;
	record->t = e->t;
	record->task = e->task;
}

static void on_task_waits(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_task_wait *w = (const void *)e;
	struct record_task_waits *record = record_add(&r->log, RECORD_TASK_WAITS);

	(void)l;
	record->t = e->t;
	record->task = e->task;
	record->pid = e->pid;
	record->stack = use_stack(r, w->stack);
	record->suspended = e->flags & RP_TASK_SUSPENDED;
	record->finished = e->flags & RP_TASK_FINISHED;
	record->awaited = w->awaited;
	record->awaited_type = w->awaited_type;
	record->local = w->local;
	record->local_2 = w->local_2;
	record->local_type = w->local_type;
}

static void on_peer(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_peer *peer = (const void *)e;
	struct record_peer *record = record_add(&r->log, RECORD_PEER);
	char text[ADDRESS_TEXT_MAX];

	(void)l;
	address_text(&peer->address, text);
	record->t = e->t;
	record->task = e->task;
	record->socket = peer->socket;
	record->address = profile_string(r->profile, *text ? text : "socket");
}

static void on_peer_data(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_peer_data *data = (const void *)e;
	struct record_peer *record = record_add(&r->log, RECORD_PEER);

	(void)l;
	record->t = data->ready_ns ? data->ready_ns : e->t;
	record->task = e->task;
	record->socket = data->socket;
}

static void on_stack(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct raw_stack *s = stack_add(&r->stacks, (const void *)e);

	for (size_t i = 0; s && i < s->n_python; i++)
		namer_python(l->namer, s->pid, &s->python[i]);
}

static void finish(struct live *l, struct live_request *r)
{
	unlink_request(l, r);
	if (!r->has_begin) {
		l->incomplete++;
		request_free(r);
		return;
	}
	*l->finished_tail = r;
	l->finished_tail = &r->next;
}

static void on_end(struct live *l, struct live_request *r, const struct rp_event *e)
{
	r->has_end = true;
	r->end = *(const struct rp_end *)e;
	finish(l, r);
}

/* The stacks of a process before its exec are named by what was mapped then. */
static void name_stacks_of(struct live *l, struct live_request *r, int pid)
{
	int maps_pid = processes_maps(&r->processes, pid, true);
	struct raw_stack *s, *next;

	HASH_ITER(hh, r->stacks, s, next)
		if (s->pid == pid)
			stack_name(s, l->namer, r->profile, maps_pid, &r->faults);
}

/* An exec is no request's own event: all that the process works for are concerned, also those whose report is not written yet. */
static void on_exec(struct live *l, int pid)
{
	struct live_request *const lists[] = {l->requests, l->finished};
	bool concerns = false;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (struct live_request *r = lists[i]; r; r = r->next) {
			if (!processes_has(&r->processes, pid))
				continue;
			name_stacks_of(l, r, pid);
			processes_exec(&r->processes, pid);
			concerns = true;
		}
	}
	if (concerns && namer_renew_process(l->namer, pid))
		log_debug("process %d was gone before its mappings could be read", pid);
}

static void (*const handlers[])(struct live *, struct live_request *, const struct rp_event *) = {
	[RP_EV_BEGIN] = on_begin, [RP_EV_BIND] = on_bind, [RP_EV_RELEASE] = on_release, [RP_EV_TICK] = on_tick, [RP_EV_WAIT] = on_wait,
	[RP_EV_STACK] = on_stack, [RP_EV_END] = on_end,   [RP_EV_EDGE] = on_tick,
	[RP_EV_TASK] = on_task,   [RP_EV_TASK_RUNS] = on_task_runs, [RP_EV_TASK_WAITS] = on_task_waits,
	[RP_EV_PEER] = on_peer,   [RP_EV_PEER_DATA] = on_peer_data,
};

bool live_event(struct live *l, const struct rp_event *e)
{
	struct live_request *r;

	if (e->type == RP_EV_EXEC) {
		on_exec(l, e->pid);
		return true;
	}
	r = find_or_make(l, e->request);
	if (!r) {
		l->given_up += l->closed && e->type == RP_EV_BEGIN;
		return true;
	}
	if (e->type < ARRAY_LEN(handlers) && handlers[e->type]) {
		handlers[e->type](l, r, e);
		return true;
	}
	return context_event(r, e);
}

/* ---- the end of requests ----------------------------------------------------------------------------------------- */

struct live_request *live_finished(const struct live *l)
{
	return l->finished;
}

static bool any_has(const struct live_request *r, int pid)
{
	for (; r; r = r->next)
		if (processes_has(&r->processes, pid))
			return true;
	return false;
}

static bool is_gone(int pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/* The mappings of a process that is there are kept: its next request may be over before they could be read. */
void live_release(struct live *l)
{
	struct live_request *r = l->finished;

	l->finished = r->next;
	if (!l->finished)
		l->finished_tail = &l->finished;
	for (size_t i = 0; i < r->processes.n; i++) {
		int pid = r->processes.list[i].pid;

		if (is_gone(pid) && !any_has(l->requests, pid) && !any_has(l->finished, pid))
			namer_forget_process(l->namer, pid);
	}
	request_free(r);
}

void live_cut(struct live *l)
{
	while (l->requests)
		finish(l, l->requests);
}

uint64_t live_pending(const struct live *l)
{
	uint64_t n = 0;

	for (const struct live_request *r = l->requests; r; r = r->next)
		n += r->has_begin;
	for (const struct live_request *r = l->finished; r; r = r->next)
		n++;
	return n;
}

void live_close(struct live *l)
{
	l->closed = true;
	live_cut(l);
	while (l->finished) {
		l->given_up++;
		live_release(l);
	}
}
