// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A thread of CPython takes up the work for a request's task, goes on with it, or leaves it. Many programs look at a thread, each in states of its
 * own: so the verifier looks at this once, not for each of them. It is inlined down to the unwinders: where a request is read there is no room for
 * deeper calls.
 */
#include "context_python.bpf.h"
#include "stack.bpf.h"

/* ---- tasks ----------------------------------------------------------------------------------------------------------- */

/* What a coroutine awaits: its stack and what is at its end go into b->wait, RP_TASK_* to its flags. */
static __always_inline void follow_awaits(struct task_struct *task, __u32 serial, __u64 coroutine, struct pool_buffer *b)
{
	struct rp_task_wait *e = &b->wait;
	struct unwind *u = &b->unwind;

	u->hash = task->tgid;
	u->n = u->n_python = u->python_flags = u->head.n_kernel = 0;
	u->reason = RP_STACK_complete;
	u->coroutine = coroutine;
	unwind_awaits(u, task->tgid);
	e->h.flags = u->suspended;
	e->awaited = u->awaited;
	e->awaited_type = u->awaited_type;
	e->local = u->local;
	e->local_2 = u->local_2;
	e->local_type = u->local_type;
	if (u->n_python)
		e->stack = stack_send(u, task, serial, RP_STACK_AWAITS | RP_STACK_NO_KERNEL);
}

/* The next object that it awaits may get the address of the one before, but seldom awaits that one where it did the other. */
static __always_inline int take_awaits(struct task_context *c, __u64 context, struct task_struct *task, struct pool_buffer *b)
{
	const struct rp_python *py = c->coroutine ? python_of(task->tgid) : NULL;
	struct rp_task_wait *e = &b->wait;
	int same;

	if (!py)
		return 0;
	e->h.flags = RP_TASK_FINISHED;
	if (is_still_there(py, c, context))
		follow_awaits(task, c->serial, c->coroutine, b);
	if (e->h.flags & RP_TASK_FINISHED) {
		task_over(c);
		return 0;
	}
	same = c->awaited == e->awaited && (c->awaited_in == (__u32)e->stack || !c->awaited_in || !e->stack);
	c->awaited = e->awaited;
	c->awaited_in = e->stack;
	return same;
}

int context_awaits(struct task_context *c, __u64 context, __u32 buffer)
{
	struct pool_buffer *b = stack_buffer_at(buffer);

	return c && b ? take_awaits(c, context, bpf_get_current_task_btf(), b) : 0;
}

/* What it awaits could not be looked at. */
static __always_inline void send_unknown_wait(const struct rp_worker *w, struct task_struct *task, __u64 t)
{
	struct rp_task_wait *e = event_new(RP_EV_TASK_WAITS, sizeof *e, t, w->serial, task);

	if (!e)
		return;
	e->h.task = w->task;
	event_made(e);
}

static __always_inline void send_task_waits(const struct rp_worker *w, struct task_struct *task, __u64 t)
{
	struct context_key key = {.context = w->context, .pid = task->tgid};
	struct task_context *c = bpf_map_lookup_elem(&contexts, &key);
	struct rp_live *l = live_slot(w->slot);
	struct pool_buffer *b;

	if (!l || !event_allowed(l))
		return;
	b = stack_take_buffer();
	if (!b) {
		send_unknown_wait(w, task, t);
		return;
	}
	wait_head(&b->wait, task, w->serial, w->task, t);
	if (c && c->serial == w->serial)
		take_awaits(c, w->context, task, b);
	event_send(&b->wait, sizeof b->wait);
	stack_give_back(b);
}

/* ---- work ------------------------------------------------------------------------------------------------------------ */

/* The record that the thread has for the request in `slot`, or a new one. */
static __always_inline struct rp_worker *take_up(struct rp_live *l, __u32 slot, struct rp_thread *thread, struct task_struct *task, __u64 t)
{
	if (!worker_resume(l, slot, thread, t) && worker_bind(l, slot, t, l->reader == thread->reader ? 2 : 3))
		return NULL;
	return worker_of(task);
}

int context_was_ready(struct rp_live *l, __u32 slot, struct rp_thread *thread, __u64 t)
{
	struct rp_worker *w;
	__u64 from;

	if (!l || !thread)
		return 0;
	from = thread->ready_ns > l->begin_ns ? thread->ready_ns : l->begin_ns;
	if (!thread->ready_ns || thread->came_ns <= from || thread->came_ns > t)
		return 0;
	w = take_up(l, slot, thread, bpf_get_current_task_btf(), from);
	if (!w)
		return 0;
	worker_was_ready(w, l, thread->came_ns);
	worker_pause(w, thread, thread->came_ns);
	thread->ready_ns = 0;
	return 0;
}

/* `w` is bound to the thread. Does it work for the same request, as far as is known? */
static __always_inline int goes_on(const struct look *k, const struct rp_worker *w)
{
	const struct rp_live *l = live_slot(w->slot);

	if (l && l->work == WORK_CALL)
		return 1;
	if (k->known)
		return k->live->serial == w->serial;
	if (is_in_read(k, w))
		return 1;
	if (w->contextual || (k->thread->pool_frame && !k->thread->reader))
		return 0; /* what a pool's thread has to do is anybody's, whoever has created it */
	if (l && w->pid != l->pid)
		return 1; /* a process that it has made: there the contexts are others' */
	return !l || !l->contexts || !k->context || k->context == k->thread->home;
}

/* No longer by what the thread has read, but by its context. */
static __always_inline void end_exclusive(struct rp_worker *w, struct rp_thread *thread, __u64 t)
{
	worker_release(w, live_slot(w->slot), t, RP_RELEASE_CONTEXT);
	thread->worker = 0;
}

static __always_inline void end_work(struct rp_worker *w, struct rp_thread *thread, __u64 t)
{
	if (!w->contextual) {
		end_exclusive(w, thread, t);
		return;
	}
	worker_pause(w, thread, t);
}

int context_end_work(struct rp_worker *w, struct rp_thread *thread, __u64 t)
{
	if (!w || !thread)
		return 0;
	if (w->contextual && w->task)
		send_task_waits(w, bpf_get_current_task_btf(), t);
	end_work(w, thread, t);
	return 0;
}

static __always_inline struct rp_worker *begin_work(const struct look *k, struct task_struct *task, __u64 t)
{
	if (t < k->live->begin_ns)
		t = k->live->begin_ns;
	if (k->thread->ready_ns && !is_unclaimed(k->known->state))
		context_was_ready(k->live, k->known->slot, k->thread, t);
	return take_up(k->live, k->known->slot, k->thread, task, t);
}

static __always_inline void run_task(struct rp_worker *w, const struct look *k, struct task_struct *task, __u64 t)
{
	const struct task_context *c = k->known;

	w->unclaimed = is_unclaimed(c->state);
	if (w->task == c->task)
		return;
	remember(k->thread, k->context, c->state);
	k->live->ran_ns = t;
	w->task = c->task;
	w->context = k->context;
	if (c->task && event_allowed(k->live))
		event_tell(RP_EV_TASK_RUNS, t, w->serial, task, 0, c->task);
}

__u64 context_leave(struct rp_thread *thread, struct task_context *known, __u64 context, __u64 now)
{
	const struct look k = {.thread = thread, .known = known, .live = known ? live_slot(known->slot) : NULL, .context = context};
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_worker *w = worker_of(task);
	__u32 leaves, turns;
	__u64 t;

	if (!thread)
		return now;
	t = border(thread, now);
	if (!w || (known && !k.live))
		return t;
	/* Tasks that may be of different requests share no slice. */
	turns = known && k.live->collects && k.live->serial == w->serial && w->task != known->task;
	leaves = !goes_on(&k, w) || (known && !w->contextual) || turns;
	/* A loop at home does nothing that would count: until now it worked for the request. */
	if (leaves && !turns && (what_is_seen(thread, known, context) == SEEN_HOME || (known && k.live->serial == w->serial)))
		t = now;
	if (w->task && (leaves ? w->contextual : known && w->task != known->task))
		send_task_waits(w, task, t);
	if (leaves)
		end_work(w, thread, t);
	return t;
}

int context_take_up(struct rp_thread *thread, struct task_context *known, __u64 context, __u64 t, __u64 now)
{
	const struct look k = {.thread = thread, .known = known, .live = known ? live_slot(known->slot) : NULL, .context = context};
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_worker *w = worker_of(task);
	__u32 seen;

	if (!thread || (known && !k.live))
		return 0;
	seen = what_is_seen(thread, known, context);
	if (!w && known)
		w = begin_work(&k, task, t);
	if (seen != SEEN_HOME)
		thread->ready_ns = 0;
	if (w && known)
		run_task(w, &k, task, t);
	send_seen(thread, seen, now);
	return 0;
}
