/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/live_record.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "capture/address.h"
#include "capture/causes.h"
#include "capture/redact.h"
#include "capture/sources.h"

#define NS_PER_S 1000000000LL

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
	q->marker = profile_string(r->profile, marker ? marker : begin->marker == RP_NO_MARKER ? "every call" : NULL);
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
	record->task = e->task;
	record->cpu_ns = release->cpu_ns;
	record->stolen_ns = release->stolen_ns;
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

static void on_stack(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct raw_stack *s = stack_add(&r->stacks, (const void *)e);

	for (size_t i = 0; s && i < s->n_python; i++)
		namer_python(l->namer, s->pid, &s->python[i]);
}

/* A stack of one Python frame, for its name; flags: RP_STACK_OTHERS or 0. */
static struct raw_stack *stack_of_frame(struct live *l, struct live_request *r, const struct rp_event *e, const struct rp_python_frame *frame,
					uint16_t flags)
{
	struct {
		struct rp_stack head;
		struct rp_python_frame frame;
	} one = {.head.h = {.pid = e->pid, .t = e->t, .flags = flags}, .head.n_python = 1, .frame = *frame};

	if (!frame->code)
		return NULL;
	one.head.id = frame->code ^ (uint64_t)frame->instr << 32 ^ frame->check ^ (uint64_t)e->pid << 48 ^ flags;
	on_stack(l, r, &one.head.h);
	return use_stack(r, one.head.id);
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
static const char *request_text(struct live *l, struct profile *p, uint32_t serial)
{
	const struct live_request *r = serial ? live_find(l, serial) : NULL;
	const struct request *q = r ? &r->profile->request : NULL;
	_cleanup_free_ char *text = NULL;

	if (!q || !q->method || !q->target)
		return NULL;
	text = xasprintf("%s %.*s", q->method, (int)strcspn(q->target, "?"), q->target);
	return profile_string(p, text);
}

static void record_holder(struct live *l, struct live_request *r, struct record_wait *record, const struct rp_wait *w)
{
	struct rp_gil_holder holder;

	record->gil = w->h.flags & RP_WAIT_GIL;
	if (!record->gil)
		return;
	memcpy(&holder, w->object.data, sizeof holder);
	record->holder_tid = holder.tid;
	record->holder = stack_of_frame(l, r, &w->h, &holder.frame, RP_STACK_OTHERS);
	record->holder_request = request_text(l, r->profile, holder.request);
}

static void on_wait(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_wait *w = (const void *)e;
	struct record_wait *record = record_add(&r->log, RECORD_WAIT);

	record->out_ns = w->out_ns;
	record->woken_ns = w->woken_ns;
	record->in_ns = w->in_ns;
	record->cpu_ns = w->cpu_ns;
	record->stolen_ns = w->stolen_ns;
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

	record->t = e->t;
	record->number = e->task;
	record->unclaimed = e->flags & RP_TASK_UNCLAIMED;
	record->guessed = e->flags & RP_TASK_GUESSED;
	r->n_tasks += !record->unclaimed && !record->guessed;
	record->parent = task->parent;
	record->coroutine = stack_of_frame(l, r, e, &task->coroutine, 0);
}

static void on_task_runs(struct live *l, struct live_request *r, const struct rp_event *e)
{
	struct record_task_runs *record = record_add(&r->log, RECORD_TASK_RUNS);

	(void)l;
	record->t = e->t;
	record->task = e->task;
	r->turns++;
}

static void on_task_claimed(struct live *l, struct live_request *r, const struct rp_event *e)
{
	struct record_task_claimed *record = record_add(&r->log, RECORD_TASK_CLAIMED);

	(void)l;
	record->t = e->t;
	record->task = e->task;
	record->others = e->flags & RP_TASK_OTHERS;
	r->n_tasks += !record->others;
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
	record->events = e->flags & RP_TASK_EVENTS;
	record->client = e->flags & RP_TASK_CLIENT;
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

static void on_busy(struct live *l, struct live_request *r, const struct rp_event *e)
{
	const struct rp_busy *busy = (const void *)e;
	struct record_busy *record = record_add(&r->log, RECORD_BUSY);

	record->t = e->t;
	record->task = e->task;
	record->gil = e->flags & RP_BUSY_GIL;
	record->stack = record->gil ? stack_of_frame(l, r, e, &busy->by.frame, RP_STACK_OTHERS) : use_stack(r, busy->stack);
	record->request = request_text(l, r->profile, busy->by.request);
}

static void (*const handlers[])(struct live *, struct live_request *, const struct rp_event *) = {
	[RP_EV_BEGIN] = on_begin, [RP_EV_BIND] = on_bind, [RP_EV_RELEASE] = on_release, [RP_EV_TICK] = on_tick, [RP_EV_WAIT] = on_wait,
	[RP_EV_STACK] = on_stack, [RP_EV_EDGE] = on_tick,
	[RP_EV_TASK] = on_task,   [RP_EV_TASK_RUNS] = on_task_runs, [RP_EV_TASK_WAITS] = on_task_waits,
	[RP_EV_PEER] = on_peer,   [RP_EV_PEER_DATA] = on_peer_data,
	[RP_EV_BUSY] = on_busy,   [RP_EV_TASK_CLAIMED] = on_task_claimed,
};

bool live_record(struct live *l, struct live_request *r, const struct rp_event *e)
{
	if (e->type >= ARRAY_LEN(handlers) || !handlers[e->type])
		return false;
	handlers[e->type](l, r, e);
	return true;
}
