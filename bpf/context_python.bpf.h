/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which of CPython's tasks works for which request.
 *
 * Each asyncio task, and each call that is handed to a thread pool with the caller's context variables, runs in a context of its own: a copy of the
 * one that was current where it was made. One probe sees the copies, so the first one made on a thread after it read a marked request is the
 * request's task, and copies of a request's contexts are the request's, too. From then on what a thread's current context is says whom it
 * works for. Contexts are addresses that are used again within microseconds: they count between the copy and the end of the request, and no
 * longer than until the address turns up as a copy of another's.
 *
 * A thread is looked at where something happens on it: a tick, a switch, a copy, a read, a write. In between it is taken to have done the same;
 * where it did something else before, the border is half way, unless it was in its home context, in which only its loop runs.
 */
#ifndef REQPROF_CONTEXT_PYTHON_BPF_H
#define REQPROF_CONTEXT_PYTHON_BPF_H

#include "python.bpf.h"
#include "slice.bpf.h"

#define CONTEXTS_MAX 16384
/* Include/internal/pycore_context.h: PyContext, the same in all versions. */
#define CONTEXT_PREVIOUS 16     /* ctx_prev: that in which it was entered */
#define CONTEXT_ENTERED 40      /* ctx_entered, an int */

struct context_key {
	__u64 context;
	__u32 pid;
	__u32 pad;
};

/* What a context is to its request; children are what their parents are. An odd number: nothing is known before it, or another one, writes the
 * response (context_claim.bpf.c). */
#define TASK_OWN 0              /* its task's */
#define TASK_UNCLAIMED 1        /* that of a task which was there before */
#define TASK_CLAIMED 2          /* … and has written the response */
#define TASK_GUESSED 3          /* made after the request was read, by whomever */
#define is_unclaimed(state) ((state) & 1)

struct task_context {
	__u16 slot;             /* of the request */
	__u8 is_made:1;         /* the context has been seen to exist */
	__u8 is_noted:1;        /* it was there before it was seen, by claim_add() */
	__u8 state;             /* TASK_* */
	__u32 serial;
	__u32 task;             /* 0 = none: the request has no tasks, but threads */
	__u32 awaited_in;       /* the low half of the stack's number in which it did what `awaited` says */
	__u64 coroutine;        /* that it runs, 0 = not known */
	__u64 code, first_local; /* of that: another one that gets its address is told by them */
	__u64 awaited;          /* what it awaited when it was looked at last */
};

/* maps.bpf.c. Least recently used ones go first: those of requests that are over stay until then, known by their serial. */
struct contexts_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONTEXTS_MAX);
	__type(key, struct context_key);
	__type(value, struct task_context);
};
extern struct contexts_map contexts SEC(".maps");

/* Requests whose task will be made in another request's context, by that. */
struct successor {
	__u32 slot, serial;
};

struct successors_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct context_key);
	__type(value, struct successor);
};
extern struct successors_map successors SEC(".maps");

/* The code that the task of a request begins with, by process: in one server all of them do with the same. */
struct task_codes_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
};
extern struct task_codes_map task_codes SEC(".maps");

/* ---- context_pool.bpf.c: of the current thread, global for the verifier's sake ----------------------------------------- */

extern __u32 pools_used;        /* some process has submitted work to a pool */

/* Does it, which puts `item` into a queue, submit that as work for a pool? */
int pool_submits(__u64 item);

/* The work that it has at hand, if it is one of a pool's, 0 = none. */
__u64 pool_item(__u64 state);

/* ---- context_claim.bpf.c: of the current thread, global as well ---------------------------------------------------------- */

/* The context is that of an unclaimed task of the group that collects, from now on. 0: it could not be noted. */
int claim_add(struct rp_thread *thread, __u64 context, __u64 coroutine);

/* The task of a context has written the response of the request in `slot`: if it is the first one, it claims what it did. Non-zero: it does, and it
 * was made for it. */
int claim_by_writer(struct task_context *c, __u32 slot, __u64 context, __u64 now);

/* It has written another one. */
int claim_by_other(struct task_context *c, __u64 now);

/* ---- what a thread does ---------------------------------------------------------------------------------------------- */

/* Is the request that the thread has read last the only one that it has to answer? */
static __always_inline int is_lone(const struct rp_thread *t)
{
	const struct rp_reader *r = reader_at(t->reader);

	return r && r->unfinished == 1;
}

/* Was it entered by Context.run(), as an event loop does for each callback? Else it is that of a thread, which a sync server works in. */
static __always_inline int is_entered(__u64 context)
{
	return context && (__u32)python_pointer(context + CONTEXT_ENTERED);
}

struct look {
	struct rp_thread *thread;
	const struct rp_python *py;
	__u64 state;            /* thread state */
	__u64 context;          /* its current one, or what it has at hand of a pool's work */
	__u32 in_pool;          /* it is that of a pool's work */
	struct task_context *known;  /* of a request that is live, or NULL */
	struct rp_live *live;   /* that one */
};

static __always_inline struct task_context *context_of(__u32 pid, __u64 context, struct rp_live **ret_live)
{
	struct context_key key = {.context = context, .pid = pid};
	struct task_context *c = context ? bpf_map_lookup_elem(&contexts, &key) : NULL;
	struct rp_live *l = c ? live_slot(c->slot) : NULL;

	/* A task that was there before the request goes on with the next one on its connection. */
	if (!l || l->serial != c->serial || !(c->state == TASK_OWN ? live_has_tasks(l) : l->state == LIVE_BEGUN))
		return NULL;
	*ret_live = l;
	return c;
}

/* A thread of a pool works for whoever has submitted the work that it has at hand, in whatever context: that in which such a thread was begun may
 * have the address of one that is gone. A thread that reads requests itself works for these. */
static __always_inline void look_at_item(struct look *k, __u32 pid)
{
	__u64 item = pools_used && !k->thread->reader ? pool_item(k->state) : 0;
	struct task_context *c;
	struct rp_live *l;

	if (!k->thread->pool_frame || k->thread->reader)
		return;
	k->in_pool = item != 0;
	c = context_of(pid, item, &l);
	if (c && k->known && k->live->serial == c->serial)
		return; /* what it runs there is told by its own context */
	k->known = c;
	if (item)
		k->context = item;
	if (c)
		k->live = l;
}

/* Non-zero: it is no thread of an interpreter. */
static __always_inline void send_seen(struct rp_thread *t, __u32 seen, __u64 now)
{
	t->seen = seen;
	t->seen_ns = now;
}

/* The thread came to the CPU at t. From its home: what runs next begins there and then. */
static __always_inline void came_to_cpu(struct rp_thread *t, struct task_struct *task, __u64 at)
{
	if (t->seen == SEEN_HOME)
		t->seen = SEEN_BACK;
	else
		t->ready_ns = 0;
	if (worker_of(task))
		t->ready_ns = 0; /* that is told already */
	send_seen(t, t->seen, at);
	t->came_ns = at;
	t->out_ns = 0;
}

/* From 3.14 on threads are begun in a context of their own (Lib/threading.py), which says no more than the none that they had before. */
static __always_inline int is_threads_own(const struct look *k, const struct task_struct *task)
{
	return k->py->version >= 0x030e && task->pid != task->tgid && is_entered(k->context) && !python_pointer(k->context + CONTEXT_PREVIOUS);
}

static __always_inline int look_at_thread(struct look *k, struct task_struct *task)
{
	__u32 pid = task->tgid;

	k->known = NULL;
	k->live = NULL;
	k->in_pool = 0;
	k->py = python_of(pid);
	k->thread = k->py ? bpf_task_storage_get(&threads, task, 0, 0) : NULL;
	if (!k->thread)
		return -1;
	if (k->thread->out_ns)
		context_came();
	k->state = python_thread_state(k->py, task, &k->thread->python_state);
	if (!k->state)
		return -1;
	k->context = python_context(k->py, k->state);
	if (is_threads_own(k, task))
		k->context = 0;
	k->known = context_of(pid, k->context, &k->live);
	/* A thread's own context, made when it first needs one, may have the address of a task's that is gone: it is not entered. */
	if (k->known && !is_entered(k->context))
		k->known = NULL;
	return 0;
}

static __always_inline int look_at_known(struct look *k, struct task_struct *task)
{
	if (look_at_thread(k, task))
		return -1;
	look_at_item(k, task->tgid);
	return 0;
}

/* Is the thread still in the callback that has read the request of `w`? */
static __always_inline int is_in_read(const struct look *k, const struct rp_worker *w)
{
	return !w->task && k->thread->seed_serial == w->serial && k->thread->seed_context == k->context && is_entered(k->context);
}

/* Is it known what the tasks of requests begin with? */
static __always_inline int is_code_known(__u32 pid)
{
	return bpf_map_lookup_elem(&task_codes, &pid) != NULL;
}

/* The group of requests that the thread serves and for which its tasks are recorded, NULL = there is none. */
static __always_inline struct rp_live *collecting(const struct rp_thread *t, __u32 *ret_slot)
{
	struct rp_live *g;

	*ret_slot = group_slot(t->reader);
	g = t->reader ? live_slot(*ret_slot) : NULL;
	return g && g->state == LIVE_BEGUN && g->reader == t->reader && g->open > 0 ? g : NULL;
}

/* Tasks of a group have odd numbers, those of its requests even ones: user space puts them together. */
static __always_inline __u32 task_number(struct rp_live *l, __u32 slot)
{
	__u32 n = __sync_fetch_and_add(&l->numbers, 1) + 1;

	return is_group(slot) ? n << 1 | 1 : l->group ? n << 1 : n;
}

/* The context that the thread works in is nobody's that is known: it is noted if a task runs in it. While the thread is a request's alone there is
 * nothing to note, unless it makes (`makes`) a task, nor in the callback that has read it. */
static __always_inline int note_unclaimed(const struct look *k, struct task_struct *task, int makes)
{
	struct rp_thread *t = k->thread;
	struct rp_worker *w = worker_of(task);
	__u64 coroutine;
	struct rp_live *l;
	__u32 slot;
	int noted;

	l = collecting(t, &slot);
	if (!l || l->pid != (__u32)task->tgid || (w && !w->contextual && !makes))
		return 0;
	if (t->busy || k->context == t->home || !is_entered(k->context) || (w && is_in_read(k, w)))
		return 0;
	t->busy = 1;
	coroutine = stack_coroutine();
	noted = coroutine && claim_add(t, k->context, coroutine);
	t->busy = 0;
	return noted;
}

/* The same where a task that runs is not known yet. */
static __always_inline int look_at(struct look *k, struct task_struct *task)
{
	if (look_at_known(k, task))
		return -1;
	if (!k->known && groups && note_unclaimed(k, task, 0))
		k->known = context_of(task->tgid, k->context, &k->live);
	return 0;
}

/* The same where it makes a context, perhaps for a task. */
static __always_inline int look_at_maker(struct look *k, struct task_struct *task)
{
	if (look_at_known(k, task))
		return -1;
	if (!k->known && groups && note_unclaimed(k, task, 1))
		k->known = context_of(task->tgid, k->context, &k->live);
	return 0;
}

/* When did the thread begin to do what it does now, but did not when it was looked at last? */
static __always_inline __u64 border(const struct rp_thread *t, __u64 now)
{
	if (t->seen == SEEN_NOTHING || t->seen_ns >= now)
		return now;
	return t->seen == SEEN_BACK ? t->seen_ns : t->seen_ns + (now - t->seen_ns) / 2;
}

/* The frame of a coroutine, 0 = it has none any more. */
static __always_inline __u64 frame_of(const struct rp_python *py, __u64 coroutine)
{
	__u64 frame = coroutine + py->generator_frame;

	return py->generator_state == RP_PYTHON_NONE ? python_pointer(frame) : frame;
}

static __always_inline __u64 code_of(const struct rp_python *py, __u64 frame)
{
	return frame ? python_object(py, python_pointer(frame + py->frame_code)) : 0;
}

/* Is the first argument what it was? Where an inner function uses it, a cell holds it. One without arguments has nothing there at first. */
static __always_inline int has_argument(const struct rp_python *py, const struct task_context *c, __u64 frame)
{
	__u64 now = python_pointer(frame + py->frame_locals);

	return !c->first_local || now == c->first_local || python_pointer(now + OBJECT_HEAD) == c->first_local;
}

/* Has the context references? None either before it is made: a thread may lose the CPU between the probe that foretells it and that. */
static __always_inline int is_there(struct task_context *c, __u64 context)
{
	if (python_pointer(context))
		c->is_made = 1;
	else if (c->is_made)
		return 0;
	return 1;
}

/* A task frees its coroutine and gives up its context at the same time, when it is freed; either's memory may be somebody else's soon. */
static __always_inline int is_still_there(const struct rp_python *py, struct task_context *c, __u64 context)
{
	__u64 frame = c->coroutine ? frame_of(py, c->coroutine) : 0;

	return frame && is_there(c, context) && python_pointer(c->coroutine) && code_of(py, frame) == c->code && has_argument(py, c, frame);
}

/* A task of a request has ended, or is gone: when it was the last one, so is the work after the response. */
static __always_inline void task_over(struct task_context *c)
{
	struct rp_live *l = live_slot(c->slot);

	if (!c->coroutine)
		return;
	c->coroutine = 0;
	if (c->state == TASK_OWN && l && l->serial == c->serial && __sync_fetch_and_add(&l->unfinished, -1) == 1 && l->state == LIVE_AFTER)
		__sync_fetch_and_or(&live_done, 1ULL << (c->slot & 63));
}

/* The thread has, or had, to do with the task of a context: when it is idle, that is looked at again. */
static __always_inline void remember(struct rp_thread *t, __u64 context, __u32 state)
{
	if (state == TASK_UNCLAIMED)
		return; /* there are many of those, and what they await is not looked at */
	for (int i = 0; i < RP_RECENT; i++)
		if (t->recent[i] == context)
			return;
	t->recent[t->n_recent++ % RP_RECENT] = context;
}

static __always_inline __u32 what_is_seen(const struct rp_thread *t, const struct task_context *known, __u64 context)
{
	if (known)
		return SEEN_WORK;
	return !context || context == t->home ? SEEN_HOME : SEEN_OTHER;
}

/* context_work.bpf.c: of the current thread, global for the verifier's sake. */

/* `known` as in struct look: what it has worked for until now ends, if it is something else. Returns when what it works for has begun … */
__u64 context_leave(struct rp_thread *thread, struct task_context *known, __u64 context, __u64 now);

/* … from when on it works for that. (Two functions, so that the unwinder is not called with the stack of both in use.) */
int context_take_up(struct rp_thread *thread, struct task_context *known, __u64 context, __u64 t, __u64 now);

/* It no longer works for the request of `w`, from `t` on. */
int context_end_work(struct rp_worker *w, struct rp_thread *thread, __u64 t);

/* It was idle before it works for the request from `t` on: it has waited for a CPU for that. */
int context_was_ready(struct rp_live *l, __u32 slot, struct rp_thread *thread, __u64 t);

/* What the task of a context awaits, if it does: fills wait of that buffer (stack.bpf.h) but for its head. 1: it is what it was when the task was
 * looked at last. */
int context_awaits(struct task_context *c, __u64 context, __u32 buffer);

static __always_inline int look(const struct look *k, __u64 now)
{
	return context_take_up(k->thread, k->known, k->context, context_leave(k->thread, k->known, k->context, now), now);
}

/* What the task that may be a request's has done until now was for another one, or will be. */
static __always_inline void begin_anew(const struct look *k, struct task_struct *task, __u64 now)
{
	struct context_key key = {.context = k->context, .pid = task->tgid};
	struct rp_worker *w = worker_of(task);

	if (w)
		context_end_work(w, k->thread, now);
	claim_by_other(k->known, now);
	send_seen(k->thread, SEEN_OTHER, now);
	bpf_map_delete_elem(&contexts, &key);
}

/* Is the thread in a system call in which a loop waits for events? Not in a wait for the GIL, which may lie between the read of a request and the
 * callback that is told of it; and select() without descriptors only sleeps. */
static __always_inline int asks_for_events(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	switch ((long)BPF_CORE_READ(regs, orig_ax)) {
	case 7: case 232: case 271: case 281: case 426: case 441: /* poll, epoll_wait, ppoll, epoll_pwait, io_uring_enter, epoll_pwait2 */
		return 1;
	case 23: case 270: /* select, pselect6 */
		return BPF_CORE_READ(regs, di) != 0;
	}
	return 0;
}

#endif
