// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* CPython's contexts are copied: which copy belongs to which request, and which task it is for. */
#include "context_python.bpf.h"
#include "handler.bpf.h"

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

#define SAVED_REGISTERS 6
#define CALLER_WORDS 26

struct caller {
	const struct rp_python *py;
	__u64 found;
	__u64 stack;
	__u64 registers[SAVED_REGISTERS]; /* that calls preserve */
};

static long look_for_coroutine(__u32 i, struct caller *c)
{
	__u64 word = i < SAVED_REGISTERS ? c->registers[i] : python_pointer(c->stack + (i - SAVED_REGISTERS) * sizeof word);

	if (!is_new_coroutine(c->py, word))
		return 0;
	c->found = word;
	return 1;
}

/* The coroutine for which the context is copied: asyncio's Task.__init__() has it at hand, in a register or on its stack, and nobody else has one
 * that is new. 0 = no task is being made. */
static __always_inline __u64 new_coroutine(const struct rp_python *py, struct pt_regs *regs)
{
	struct caller c = {.py = py, .stack = regs->sp, .registers = {regs->bx, regs->bp, regs->r12, regs->r13, regs->r14, regs->r15}};

	if (!py->coroutine_type)
		return 0;
	bpf_loop(SAVED_REGISTERS + CALLER_WORDS, look_for_coroutine, &c, 0);
	return c.found;
}

/* A copy of a context that is made. */
struct copy {
	__u64 child;            /* 0 = not known */
	__u64 coroutine, code;  /* that will run in it, 0 = none */
	__u64 first_local;      /* its first argument */
	__u32 slot;             /* of the request that it belongs to, */
	__u32 parent;           /* whose task makes it, 0 = none of them */
	__u32 taskless;         /* it is of a request without tasks, which has threads only */
	__u32 state;            /* TASK_*: as its parent's */
	struct rp_live *live;   /* that one, NULL = to none */
};

static __always_inline void send_task(const struct copy *c, const struct look *k, struct task_struct *task, __u32 number, __u64 now)
{
	__u32 check = c->code ? python_check_at(k->py, c->code) : 0;
	struct rp_task *e;

	if (c->code)
		stack_send_code(task->tgid, c->code, check);
	e = event_new(RP_EV_TASK, sizeof *e, now, c->live->serial, task);
	if (!e)
		return;
	e->h.flags = c->state == TASK_UNCLAIMED ? RP_TASK_UNCLAIMED : c->state == TASK_GUESSED ? RP_TASK_GUESSED : 0;
	e->h.task = number;
	e->parent = c->parent;
	e->coroutine.code = c->code;
	e->coroutine.instr = RP_PYTHON_NO_INSTR;
	e->coroutine.check = check;
	event_made(e);
}

/* Where the tasks of requests begin like that, it is the request's beyond doubt. */
static __always_inline void first_task(const struct copy *c, __u32 pid)
{
	__u64 *code = bpf_map_lookup_elem(&task_codes, &pid);

	c->live->task_code = c->code;
	if (code && *code == c->code)
		settle(c->live);
}

static __always_inline void add_context(struct copy *c, const struct look *k, struct task_struct *task, __u64 now)
{
	struct context_key key = {.context = c->child, .pid = task->tgid};
	struct task_context x = {.slot = c->slot, .serial = c->live->serial, .coroutine = c->coroutine, .code = c->code,
				 .first_local = c->first_local, .state = c->state};

	live_look(c->live);
	if (!c->taskless) {
		x.task = task_number(c->live, c->slot);
		if (!is_unclaimed(c->state))
			__sync_fetch_and_add(&c->live->contexts, 1);
		if (!c->parent && !is_unclaimed(c->state))
			first_task(c, key.pid);
	}
	if (bpf_map_update_elem(&contexts, &key, &x, BPF_ANY)) {
		COUNT(storage_failed);
		return;
	}
	if (c->coroutine && c->state == TASK_OWN) {
		__sync_fetch_and_add(&c->live->unfinished, 1);
		c->live->made[c->live->n_made++ % RP_TASKS_KEPT] = c->child;
	}
	if (c->coroutine)
		remember(k->thread, c->child, c->state);
	if (x.task)
		send_task(c, k, task, x.task, now);
}

/* Does what runs in the copy look like the task of a request? 1 also where that is not known yet. */
static __always_inline int is_request_task(const struct copy *c, __u32 pid)
{
	__u64 *code = bpf_map_lookup_elem(&task_codes, &pid);

	return c->code && (!code || *code == c->code);
}

static __always_inline struct rp_live *begun(__u32 slot, __u32 serial)
{
	struct rp_live *l = live_slot(slot);

	return l && l->serial == serial && l->state == LIVE_BEGUN ? l : NULL;
}

/* Is it in the callback in which it has read? asyncio reads in the context of the connection, uvloop before it enters that, and runs other callbacks
 * in contexts that it enters from another one. */
static __always_inline int is_in_callback(const struct copy *c, const struct look *k, __u32 pid)
{
	__u64 read_in = k->thread->seed_context;

	if (!is_entered(k->context))
		return 0;
	if (k->thread->seed_entered)
		return k->context == read_in;
	return is_request_task(c, pid) && python_pointer(k->context + CONTEXT_PREVIOUS) == read_in;
}

/* Does it work for a task that may be that of the request which it has read last? Then what it makes is that task's. */
static __always_inline int is_groups(const struct look *k)
{
	const struct rp_live *l = begun(k->thread->seed - 1, k->thread->seed_serial);

	return k->known && l && is_of(l, k->live->serial);
}

/* Has this thread just read a request? A sync server works in its thread's own context. One copy, or another callback, and it is over; but where no
 * other request is in flight, a task that is made by whomever is taken for its: that of a connection may have handed it over. If it is not, the
 * response tells. */
static __always_inline void after_read(struct copy *c, const struct look *k, __u32 pid)
{
	struct rp_thread *t = k->thread;
	int lone, guessed = !is_in_callback(c, k, pid);

	if (!t->seed || (guessed && is_groups(k)))
		return;
	c->slot = t->seed - 1;
	lone = is_lone(t);
	if (lone && c->code && !is_request_task(c, pid))
		return; /* what a server makes for a connection may come first */
	if (!lone || c->code)
		t->seed = 0;
	if (guessed && (!lone || !c->code))
		return;
	t->seed_context = k->context;
	c->live = begun(c->slot, t->seed_serial);
	if (c->live && c->live->collects && guessed)
		c->state = TASK_GUESSED;
}

/* Does a task that has answered make that of the next request on its connection, which was read meanwhile? */
static __always_inline void after_response(struct copy *c, const struct look *k, __u32 pid)
{
	struct context_key key = {.context = k->context, .pid = pid};
	struct successor *s = bpf_map_lookup_elem(&successors, &key);
	__u64 *code = s ? bpf_map_lookup_elem(&task_codes, &pid) : NULL;

	if (!s || !code || *code != c->code)
		return;
	c->slot = s->slot;
	c->live = begun(s->slot, s->serial);
	if (c->live && c->live->contexts)
		c->live = NULL;
	bpf_map_delete_elem(&successors, &key);
}

/* The context whose address it gets is gone, so its task is. */
static __always_inline void forget_context(const struct context_key *key)
{
	struct task_context *old = bpf_map_lookup_elem(&contexts, key);

	bpf_map_delete_elem(&successors, key);
	if (!old)
		return;
	task_over(old);
	bpf_map_delete_elem(&contexts, key);
}

static __always_inline void copied(struct look *k, struct task_struct *task, __u64 child, struct pt_regs *regs)
{
	struct context_key key = {.context = child, .pid = task->tgid};
	struct copy c = {.child = child, .coroutine = new_coroutine(k->py, regs)};
	__u64 now = bpf_ktime_get_ns();

	if (c.coroutine) {
		__u64 frame = frame_of(k->py, c.coroutine);

		c.code = code_of(k->py, frame);
		c.first_local = frame ? python_pointer(frame + k->py->frame_locals) : 0;
	}
	k->thread->busy = 1;
	if (!k->known || k->live->serial != k->thread->seed_serial)
		after_read(&c, k, key.pid);
	if (c.live) {
		send_seen(k->thread, SEEN_WORK, now); /* since the read it has been busy with it */
	} else {
		look(k, now);
		after_response(&c, k, key.pid);
	}
	if (!c.live && k->known) {
		c.live = k->live;
		c.slot = k->known->slot;
		c.parent = k->known->task;
		c.state = k->known->state;
		c.taskless = !c.parent;
	}
	if (child == k->thread->seed_context)
		k->thread->seed_context = 0; /* that one is gone, so its callback is over */
	if (child)
		forget_context(&key);
	if (child && c.live)
		add_context(&c, k, task, now);
	k->thread->busy = 0;
}

/* The copy that is about to be made, if it can be told: it will be the first of the free contexts (Python/context.c, context_alloc). */
static __always_inline __u64 next_copy(const struct look *k)
{
	__u64 interpreter;

	if (k->py->interpreter_free_contexts == RP_PYTHON_NONE)
		return 0;
	interpreter = python_pointer(k->state + k->py->thread_interpreter);
	return interpreter ? python_pointer(interpreter + k->py->interpreter_free_contexts) : 0;
}

/* May the copy be that of a request's task, or get the address of one that is gone? */
static __always_inline int matters(const struct look *k, __u32 pid)
{
	struct context_key key = {.context = k->context, .pid = pid};

	return contextual_requests || k->thread->seed || bpf_map_lookup_elem(&successors, &key);
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
	if (look_at_maker(&k, task))
		return 1;
	child = session_returns(regs) ? PT_REGS_RC(regs) : next_copy(&k);
	if (!child && matters(&k, task->tgid) && !(k.py->flags & RP_PYTHON_PROBE_INSIDE))
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
	if (!look_at_maker(&k, task))
		copied(&k, task, PT_REGS_RC(regs), regs);
	return 0;
}

/* ---- contexts that are no copies of the current one ----------------------------------------------------------------- */

static __always_inline void made(struct task_struct *task, __u64 context)
{
	struct context_key key = {.context = context, .pid = task->tgid};

	forget_context(&key);
}

/* Context(), as of each thread that CPython 3.14 begins, or a copy of one that is not the current one: to begin with it is nobody's, whoever had its
 * address before. The return value matters for sessions only: 0, the new one is known when the function returns. */
SEC("?uprobe")
int on_context_new(struct pt_regs *regs)
{
	struct task_struct *task;
	struct look k = {};
	__u64 context;

	if (!live_requests)
		return 1;
	task = bpf_get_current_task_btf();
	k.py = python_of(task->tgid);
	k.state = k.py ? python_thread_state(k.py, task, NULL) : 0;
	if (!k.state)
		return 1;
	context = session_returns(regs) ? PT_REGS_RC(regs) : next_copy(&k);
	if (!context)
		return 0;
	made(task, context);
	return 1;
}

/* The same, where there are no sessions: its return. */
SEC("?uprobe")
int on_context_made(struct pt_regs *regs)
{
	if (live_requests)
		made(bpf_get_current_task_btf(), PT_REGS_RC(regs));
	return 0;
}

/* ---- work for a pool -------------------------------------------------------------------------------------------------- */

/* Is the context that of the thread itself, or still the one in which it has read the request? (From 3.14 on threads are begun in one.) */
static __always_inline int is_readers_own(const struct look *k, const struct rp_worker *w)
{
	return !is_entered(k->context) || (k->thread->seed_serial == w->serial && k->thread->seed_context == k->context);
}

/* Whose it is: that of the task that submits it, or of a thread that works for one request only, as a sync server's. */
static __always_inline void find_submitter(struct copy *c, const struct look *k, struct task_struct *task)
{
	const struct rp_worker *w = worker_of(task);

	if (k->known) {
		c->live = k->live;
		c->slot = k->known->slot;
		c->parent = k->known->task;
		c->state = k->known->state;
	} else if (w && !w->contextual && is_readers_own(k, w)) {
		c->live = begun(w->slot, w->serial);
		c->slot = w->slot;
	}
	c->taskless = !c->parent;
}

static __always_inline void submitted(struct look *k, struct task_struct *task, __u64 item)
{
	struct copy c = {.child = item};
	__u64 now = bpf_ktime_get_ns();

	k->thread->busy = 1;
	look(k, now);
	find_submitter(&c, k, task);
	if (c.live)
		add_context(&c, k, task, now);
	k->thread->busy = 0;
}

/* SimpleQueue.put(), its entry: PyObject *put(self, PyObject *const *args, Py_ssize_t n_args, PyObject *names). What is put into a queue is no longer
 * what it was when its address was put there last. */
SEC("?uprobe")
int on_queue_put(struct pt_regs *regs)
{
	struct context_key key = {};
	struct task_struct *task;
	struct look k;

	if (!live_requests)
		return 0;
	task = bpf_get_current_task_btf();
	key.context = PT_REGS_PARM3(regs) ? python_pointer(PT_REGS_PARM2(regs)) : 0;
	key.pid = task->tgid;
	if (!key.context)
		return 0;
	forget_context(&key);
	if (pool_submits(key.context) && !look_at(&k, task))
		submitted(&k, task, key.context);
	return 0;
}

/* Processes that are followed from now on, and their threads that are there: what is known of one must not be made where it is needed. */
SEC("?iter/task")
int list_threads(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || !followed(task))
		return 0;
	follow_note(task);
	if (!bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
		COUNT(storage_failed);
	return 0;
}
