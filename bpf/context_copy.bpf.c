// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* CPython's contexts are copied: which copy belongs to which request, and which task it is for. */
#include "context_python.bpf.h"

/* What a coroutine that has not begun will run. */
static __always_inline void name_coroutine(const struct rp_python *py, __u64 frame, struct rp_python_frame *ret)
{
	__u64 code = python_pointer(frame + py->frame_code) & ~(py->flags & RP_PYTHON_TAGGED ? 3ULL : 0);

	ret->code = code;
	ret->instr = RP_PYTHON_NO_INSTR;
	ret->check = rp_python_check(python_pointer(code + py->code_file_name), python_pointer(code + py->code_name),
				     python_pointer(code + py->code_line_table), (__u32)python_pointer(code + py->code_first_line));
}

static __always_inline void send_task(struct rp_live *l, const struct look *k, struct task_struct *task, const struct task_context *c, __u32 parent,
				      __u64 now)
{
	struct rp_task e = {.parent = parent};
	__u64 frame = c->coroutine + k->py->generator_frame;

	event_head(&e.h, RP_EV_TASK, sizeof e, now, l->serial, task);
	e.h.task = c->task;
	if (c->coroutine && k->py->generator_state == RP_PYTHON_NONE)
		frame = python_pointer(frame);
	if (c->coroutine && frame)
		name_coroutine(k->py, frame, &e.coroutine);
	event_send(&e, sizeof e);
}

#define COROUTINE_CREATED_311 -2        /* Include/internal/pycore_frame.h: FRAME_CREATED, up to 3.12 */
#define COROUTINE_CREATED_313 -3

/* A coroutine that has not begun? */
static __always_inline int is_new_coroutine(const struct rp_python *py, __u64 object)
{
	__s8 state = 0;

	if (object & 7 || !object || python_pointer(object + OBJECT_TYPE) != py->coroutine_type)
		return 0;
	if (py->generator_state == RP_PYTHON_NONE)
		return 1;
	bpf_probe_read_user(&state, sizeof state, (void *)(object + py->generator_state));
	return state == (py->version >= 0x030d ? COROUTINE_CREATED_313 : COROUTINE_CREATED_311);
}

#define CALLER_WORDS 24

/* The coroutine for which the context is copied: asyncio's Task.__init__() has it at hand, in a register or on its stack, and nobody else has one
 * that is new. 0 = no task is being made. */
static __always_inline __u64 new_coroutine(const struct rp_python *py, struct pt_regs *regs)
{
	__u64 words[6 + CALLER_WORDS] = {regs->bx, regs->bp, regs->r12, regs->r13, regs->r14, regs->r15};

	if (!py->coroutine_type)
		return 0;
	bpf_probe_read_user(words + 6, CALLER_WORDS * sizeof *words, (void *)regs->sp);
	for (int i = 0; i < 6 + CALLER_WORDS; i++)
		if (is_new_coroutine(py, words[i]))
			return words[i];
	return 0;
}

/* The copy `child` is the request's in `slot`. */
static __always_inline void add_context(struct rp_live *l, __u32 slot, const struct look *k, struct task_struct *task, __u64 child, __u32 parent,
					struct pt_regs *regs, __u64 now)
{
	struct context_key key = {.context = child, .pid = task->tgid};
	struct task_context c = {.slot = slot, .serial = l->serial, .coroutine = new_coroutine(k->py, regs)};
	__u32 n = __sync_fetch_and_add(&l->contexts, 1);

	if (!n)
		__sync_fetch_and_add(&contextual_requests, 1);
	c.task = n + 1;
	if (bpf_map_update_elem(&contexts, &key, &c, BPF_ANY)) {
		COUNT(storage_failed);
		return;
	}
	send_task(l, k, task, &c, parent, now);
}

/* Has this thread just read a request, in this context? */
static __always_inline struct rp_live *seeded(struct look *k, __u32 *ret_slot)
{
	struct rp_thread *t = k->thread;
	struct rp_live *l;

	if (!t->seed)
		return NULL;
	*ret_slot = t->seed - 1;
	l = live_slot(*ret_slot);
	t->seed = 0; /* one copy, or another callback, and it is over */
	/* asyncio reads in the context of the connection, uvloop before it enters that. A sync server works in its thread's own. */
	if (!is_entered(k->context) || (t->seed_context != k->context && is_entered(t->seed_context)))
		return NULL;
	t->seed_context = k->context;
	return l && l->serial == t->seed_serial && l->state == LIVE_BEGUN ? l : NULL;
}

static __always_inline void copied(struct look *k, struct task_struct *task, __u64 child, struct pt_regs *regs)
{
	struct context_key key = {.context = child, .pid = task->tgid};
	__u64 now = bpf_ktime_get_ns();
	struct task_context *old;
	struct rp_live *l_old;
	__u32 slot, parent = 0;
	struct rp_live *l = seeded(k, &slot);

	if (l) {
		send_seen(k->thread, SEEN_WORK, now); /* since the read it has been busy with it */
	} else {
		look(k, task, now);
		if (k->known) {
			l = k->live;
			slot = k->known->slot;
			parent = k->known->task;
		}
	}
	if (!child)
		return;
	old = bpf_map_lookup_elem(&contexts, &key);
	l_old = old ? live_slot(old->slot) : NULL;
	if (l_old && l_old->serial == old->serial) /* its context is gone, so it is */
		task_done(l_old, old->slot, old->task);
	if (l)
		add_context(l, slot, k, task, child, parent, regs, now);
	else
		bpf_map_delete_elem(&contexts, &key);
}

extern bool bpf_session_is_return(void) __ksym __weak;

/* The copy that is about to be made, if it can be told: it will be the first of the free contexts (Python/context.c, context_alloc). */
static __always_inline __u64 next_copy(const struct look *k)
{
	__u64 interpreter;

	if (k->py->interpreter_free_contexts == RP_PYTHON_NONE)
		return 0;
	interpreter = python_pointer(k->state + k->py->thread_interpreter);
	return interpreter ? python_pointer(interpreter + k->py->interpreter_free_contexts) : 0;
}

/* PyContext_CopyCurrent(), its entry, and its return only where that is needed: no context was free, so the copy is not known before it is made,
 * and it matters. Returning 1 from the entry spares the return. */
SEC("uprobe")
int on_context_copy(struct pt_regs *regs)
{
	struct task_struct *task;
	struct look k;
	__u64 child;

	if (!live_requests)
		return 1;
	task = bpf_get_current_task_btf();
	if (look_at(&k, task))
		return 1;
	child = bpf_session_is_return() ? PT_REGS_RC(regs) : next_copy(&k);
	if (!child && (k.known || k.thread->seed) && !(k.py->flags & RP_PYTHON_PROBE_INSIDE))
		return 0;
	copied(&k, task, child, regs);
	return 1;
}

/* Its return, for kernels that cannot do that (before 6.13). */
SEC("uprobe")
int on_context_copied(struct pt_regs *regs)
{
	struct task_struct *task;
	struct look k;

	if (!live_requests)
		return 0;
	task = bpf_get_current_task_btf();
	if (!look_at(&k, task))
		copied(&k, task, PT_REGS_RC(regs), regs);
	return 0;
}

/* Threads of followed processes that were there before they were followed: what is known of one must not be made where it is needed. */
SEC("?iter/task")
int list_threads(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && followed(task) && !bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
		COUNT(storage_failed);
	return 0;
}
