/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/replay.h"

#include "capture/await_feed.h"
#include "capture/claims.h"
#include "capture/gil.h"
#include "capture/locks.h"
#include "capture/pool_threads.h"
#include "profile/builder.h"
#include "profile/own.h"

#define STACKS_PER_PUMP 64

struct replay {
	struct live_request *request;
	struct namer *namer;
	struct profile *profile;
	struct builder *builder;
	struct lock_name *locks;
	struct gil_holder *holders;
	struct await_feed awaits;
	struct pool_threads pool;
	struct claims claims;
};

static void name_stack(struct live_request *q, struct raw_stack *stack, struct namer *namer)
{
	int maps = processes_maps(&q->processes, stack->pid, false);
	struct name_faults ignored = {0}; /* the report does not have these frames */

	if (!(stack->flags & RP_STACK_OTHERS)) {
		stack_name(stack, namer, q->profile, maps, &q->faults);
		return;
	}
	if (!q->others)
		q->others = profile_new();
	stack_name(stack, namer, q->others, maps, &ignored);
}

void replay_name_stacks(struct live_request *q, struct namer *namer, void (*pump)(void *ctx), void *ctx)
{
	struct claims claims = claims_find(&q->log, q->begin.begin_ns, q->group || q->end.h.task);
	struct raw_stack *stack, *next;
	size_t n = 0;

	claims_mark_stacks(&claims, &q->log, q->stacks);
	claims_free(&claims);
	HASH_ITER(hh, q->stacks, stack, next) {
		if (!stack->used)
			continue;
		name_stack(q, stack, namer);
		if (pump && ++n % STACKS_PER_PUMP == 0)
			pump(ctx);
	}
}

void replay_copy_stacks(struct profile *to, const struct profile *from)
{
	/* Equal frames and stacks are one in `from`, so each gets the next index in `to`. */
	for (size_t i = 0; i < from->n_frames; i++)
		profile_frame(to, &from->frames[i]);
	for (size_t i = 0; i < from->n_stacks; i++)
		profile_stack(to, from->stacks[i].parent, from->stacks[i].frame);
}

static int32_t index_of(const struct raw_stack *s)
{
	return s && s->index >= 0 ? s->index : -1;
}

static enum released released(uint32_t why)
{
	switch (why) {
	case RP_RELEASE_EXIT:
		return RELEASED_EXIT;
	case RP_RELEASE_END:
		return RELEASED_END;
	case RP_RELEASE_OTHER_REQUEST:
		return RELEASED_OTHER_REQUEST;
	case RP_RELEASE_CONTEXT:
		return RELEASED_CONTEXT;
	}
	return RELEASED_EVENT_WAIT;
}

static const char *function_of(const struct profile *p, int32_t stack)
{
	return stack >= 0 ? p->frames[p->stacks[stack].frame].function : NULL;
}

static void feed_wait(struct replay *r, const struct record_wait *w)
{
	uint32_t task = claims_number(&r->claims, w->task);
	struct waker waker = {.pid = w->waker_pid, .tid = w->waker_tid, .comm = w->waker_comm, .stack = -1};
	struct seen_wait seen = {
		.out_ns = w->out_ns, .woken_ns = w->woken_ns, .in_ns = w->in_ns, .waited_ns = w->waited_ns, .cpu_ns = w->cpu_ns,
		.stolen_ns = w->stolen_ns, .seq = w->seq, .preempted = w->preempted, .open = w->open, .cause = w->cause,
		.runnable_class = w->runnable, .object = w->object, .waker = w->has_waker ? &waker : NULL, .stack = index_of(w->stack),
		.elsewhere = w->elsewhere, .task = task == CLAIMS_VOID ? 0 : task,
	};

	seen.others = claims_is_void(&r->claims, w->task, w->out_ns);
	if (seen.others) {
		builder_wait(r->builder, w->worker, &seen);
		return;
	}
	if (w->gil)
		seen.object = gil_object(&r->holders, r->profile, w, function_of(r->request->others, index_of(w->holder)));
	if (w->futex)
		seen.object = lock_object(&r->locks, r->namer, r->profile, w->pid, w->futex, seen.stack);
	builder_wait(r->builder, w->worker, &seen);
}

static void feed_busy(struct replay *r, const struct record_busy *b)
{
	const struct profile *others = r->request->others;
	int32_t own = others ? stack_own_frame(others, index_of(b->stack)) : -1;
	const struct frame *frame = own >= 0 ? &others->frames[own] : NULL;
	struct loop_busy who = {
		.request = b->request, .gil = b->gil, .function = frame ? frame->function : NULL, .file = frame ? frame->file : NULL,
		.line = frame ? frame->line : 0,
	};

	builder_busy(r->builder, b->t, &who);
}

static unsigned int tick_flags(const struct record_tick *t)
{
	return (t->kernel ? TICK_KERNEL : 0) | (t->edge ? TICK_EDGE : 0) | (t->gil ? TICK_GIL : 0);
}

/* Waits and releases of such tasks still tell how long others had the thread. */
static bool is_of_others(const struct replay *r, enum record_kind kind, const void *record)
{
	const struct record_tick *tick = record;
	const struct record_task *task = record;
	const struct record_task_runs *runs = record;
	const struct record_task_waits *waits = record;
	const struct record_peer *peer = record;
	const struct record_busy *busy = record;

	switch (kind) {
	case RECORD_TICK:
		return claims_is_void(&r->claims, tick->task, tick->t);
	case RECORD_TASK:
		return claims_number(&r->claims, task->number) == CLAIMS_VOID;
	case RECORD_TASK_RUNS:
		return claims_is_void(&r->claims, runs->task, runs->t);
	case RECORD_TASK_WAITS:
		return claims_is_void(&r->claims, waits->task, waits->t);
	case RECORD_PEER:
		return claims_is_void(&r->claims, peer->task, peer->t);
	case RECORD_BUSY:
		return busy->task && claims_number(&r->claims, busy->task) != CLAIMS_VOID; /* it was the request itself */
	default:
		return false;
	}
}

/* Alone in flight, what a pool's new thread does was asked for by the request. */
static bool is_void(const struct replay *r, enum record_kind kind, const void *record)
{
	const struct record_bind *bind = record;
	const struct record_release *release = record;
	const struct record_tick *tick = record;
	const struct record_wait *wait = record;

	switch (kind) {
	case RECORD_BIND:
		return pool_threads_has(&r->pool, bind->worker);
	case RECORD_RELEASE:
		return pool_threads_has(&r->pool, release->worker);
	case RECORD_TICK:
		return pool_threads_has(&r->pool, tick->worker);
	case RECORD_WAIT:
		return pool_threads_has(&r->pool, wait->worker);
	default:
		return false;
	}
}

/* One that was there before the request has been waiting for it. */
static void feed_task(struct replay *r, const struct record_task *task)
{
	uint32_t parent = claims_number(&r->claims, task->parent);

	builder_task(r->builder, claims_number(&r->claims, task->number), parent == CLAIMS_VOID ? 0 : parent,
		     function_of(r->profile, index_of(task->coroutine)), claims_is_older(&r->claims, task->number) ? r->request->begin.begin_ns : task->t);
}

static void feed_record(struct replay *r, enum record_kind kind, const void *record)
{
	const struct record_bind *bind = record;
	const struct record_release *release = record;
	const struct record_tick *tick = record;
	const struct record_task_runs *runs = record;
	struct record_task_waits waits;
	struct record_peer peer;

	if (is_void(r, kind, record) || is_of_others(r, kind, record))
		return;
	switch (kind) {
	case RECORD_BIND:
		builder_bind(r->builder, bind->worker, bind->t, bind->pid, bind->tid, bind->comm, bind->rung, bind->asleep);
		if (bind->worker >= RP_MAX_WORKERS)
			builder_mixed(r->builder, bind->worker);
		break;
	case RECORD_RELEASE:
		builder_release(r->builder, release->worker, &(struct seen_release){
			.t = release->t, .why = released(release->why), .cpu_ns = release->cpu_ns, .stolen_ns = release->stolen_ns,
			.waits = release->waits, .others = claims_is_void(&r->claims, release->task, release->t),
		});
		break;
	case RECORD_TICK:
		builder_tick(r->builder, tick->worker, tick->t, index_of(tick->stack), claims_number(&r->claims, tick->task),
			     tick_flags(tick));
		break;
	case RECORD_WAIT:
		feed_wait(r, record);
		break;
	case RECORD_TASK:
		feed_task(r, record);
		break;
	case RECORD_TASK_RUNS:
		builder_task_runs(r->builder, claims_number(&r->claims, runs->task), runs->t);
		break;
	case RECORD_TASK_WAITS:
		waits = *(const struct record_task_waits *)record;
		waits.task = claims_number(&r->claims, waits.task);
		await_feed_waits(&r->awaits, &waits, index_of(waits.stack));
		break;
	case RECORD_PEER:
		peer = *(const struct record_peer *)record;
		peer.task = claims_number(&r->claims, peer.task);
		await_feed_peer(&r->awaits, &peer);
		break;
	case RECORD_BUSY:
		feed_busy(r, record);
		break;
	case RECORD_TASK_CLAIMED:
	case N_RECORD_KINDS:
		break;
	}
}

static void feed_begin(struct replay *r)
{
	const struct live_request *q = r->request;
	const struct rp_begin *b = &q->begin;

	builder_begin(r->builder, b->begin_ns, b->h.t, b->tentative_cpu_ns, b->h.flags & RP_BEGIN_SHARED);
}

/* What the tasks of its thread did has come through, as far as it was wanted. */
static bool has_group(const struct live_request *q)
{
	return q->group ? !q->lacks_group : !q->end.h.task;
}

/* Its tasks are known if all of it was told, and nobody else has written the response. */
static bool knows_tasks(const struct live_request *q, const struct claims *claims)
{
	return q->n_tasks && has_group(q) && !q->end.capped && !claims->spoiled && (!(q->end.sent_by & RP_SENT_OTHER) || q->end.sent_by & RP_SENT_TASK);
}

void replay_build(struct live_request *q, struct namer *namer, struct profile *p, uint64_t end_ns)
{
	struct replay r = {.request = q, .namer = namer, .profile = p, .builder = builder_new(p)};
	struct record_cursor cursor = {0};
	enum record_kind kind;
	const void *record;

	r.claims = claims_find(&q->log, q->begin.begin_ns, q->group || q->end.h.task);
	r.awaits = (struct await_feed){.profile = p, .builder = r.builder};
	if (q->end.in_flight_max > 1)
		r.pool = pool_threads_find(&q->log, p);
	feed_begin(&r);
	while ((record = record_next(&q->log, &cursor, &kind)))
		feed_record(&r, kind, record);
	if (knows_tasks(q, &r.claims))
		builder_contexts(r.builder);
	else if (!q->n_tasks && !q->end.contexts)
		builder_handed(r.builder);
	builder_lost(r.builder, q->end.lost_ticks, q->end.lost_waits);
	builder_finish(r.builder, end_ns);
	if (q->has_end && knows_tasks(q, &r.claims))
		builder_after(r.builder, q->end.h.t);
	builder_free(r.builder);
	lock_names_free(&r.locks);
	gil_holders_free(&r.holders);
	await_feed_fini(&r.awaits);
	claims_free(&r.claims);
}
