// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a thread of CPython works for, where the other programs ask. */
#include "context_python.bpf.h"
#include "stack.bpf.h"

__u32 contextual_requests = 0;
__u64 contextual_since = 0;
__u32 python_processes = 0;

__u64 context_now(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rp_python *py = python_of(task->tgid);
	struct rp_thread *t = py ? bpf_task_storage_get(&threads, task, 0, 0) : NULL;

	return t ? python_context(py, python_thread_state(py, task, &t->python_state)) : 0;
}

/* ---- a thread -------------------------------------------------------------------------------------------------------- */

int context_came(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);
	struct rp_worker *w = worker_of(task);
	struct rp_live *l = w ? live_slot(w->slot) : NULL;
	__u64 came;

	if (!t)
		return 0;
	if (l)
		worker_came(w, l);
	if (t->out_ns <= contextual_since)
		t->out_ns = 0;
	came = t->out_ns ? came_unseen(task, t->out_ns) : 0;
	if (came)
		came_to_cpu(t, task, came);
	return 0;
}

int context_look(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct look k;

	if (look_at(&k, task))
		return 0;
	if (k.thread->busy)
		return 1;
	look(&k, now);
	return 0;
}

int context_creates(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct look k;

	if (look_at(&k, task) || k.thread->busy)
		return 0;
	k.thread->busy = 1;
	look(&k, now);
	k.thread->busy = 0;
	return 0;
}

/* ---- tasks that do not run ------------------------------------------------------------------------------------------- */

/* What tasks of requests await while their thread is idle or does something else. One that awaited something else before has run meanwhile,
 * unseen. */
struct unseen {
	struct look *k;
	struct task_struct *task;
	__u64 since, now;       /* when it may have; equal = and the thread's time in between is not its own */
	__u64 running;          /* the context that the thread is taken to work in: that it has left it will be seen */
};

static __always_inline void send_change(const struct unseen *s, const struct task_context *c, struct rp_task_wait *e)
{
	event_tell(RP_EV_TASK_RUNS, s->since, c->serial, s->task, 0, c->task);
	event_send(e, sizeof *e);
}

/* The time since the thread came back was the request's. */
static __always_inline void credit(struct unseen *s, struct rp_live *l, __u32 slot)
{
	struct rp_worker *w;

	if (s->since >= s->now)
		return;
	context_was_ready(l, slot, s->k->thread, s->since);
	if (worker_resume(l, slot, s->k->thread, s->since)) {
		w = worker_of(s->task);
		if (w)
			worker_pause(w, s->k->thread, s->now);
	}
	s->since = s->now;
}

static long unseen_step(__u32 i, struct unseen *s)
{
	__u64 context = s->k->thread->recent[i & (RP_RECENT - 1)];
	struct task_context *c;
	struct pool_buffer *b;
	struct rp_live *l;
	__u32 number;

	c = context_of(s->task->tgid, context, &l);
	if (!c || !c->coroutine || is_unclaimed(c->state) || context == s->k->context || context == s->running)
		return 0;
	number = stack_buffer();
	b = stack_buffer_at(number);
	if (!b)
		return 0;
	wait_head(&b->wait, s->task, c->serial, c->task, s->now);
	if (!(context_awaits(c, context, number) && b->wait.h.flags & RP_TASK_SUSPENDED) && b->wait.h.flags && event_allowed(l)) {
		send_change(s, c, &b->wait);
		credit(s, l, c->slot);
	}
	stack_give_back(b);
	return 0;
}

int context_look_at_others(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_worker *w = worker_of(task);
	struct unseen s = {.task = task};
	struct look k;

	if (look_at(&k, task) || k.thread->busy || !k.thread->n_recent)
		return 0;
	s.running = w && w->task ? w->context : 0;
	s.k = &k;
	s.since = s.now = border(k.thread, now);
	bpf_loop(RP_RECENT, unseen_step, &s, 0);
	return 0;
}

/* ---- an idle loop ---------------------------------------------------------------------------------------------------- */

struct after {
	const struct rp_python *py;
	struct rp_live *live;
	struct context_key key;
};

static long ended_step(__u32 i, struct after *a)
{
	struct task_context *c;

	a->key.context = a->live->made[i & (RP_TASKS_KEPT - 1)];
	c = bpf_map_lookup_elem(&contexts, &a->key);
	if (c && c->serial == a->live->serial && c->coroutine && !is_still_there(a->py, c, a->key.context))
		task_over(c);
	return 0;
}

/* Tasks that have ended unseen keep no request that is answered. */
static long after_step(__u32 slot, struct unseen *s)
{
	struct after a = {.py = s->k->py, .live = live_slot(slot), .key = {.pid = s->task->tgid}};

	if (a.live && a.live->state == LIVE_AFTER && a.live->pid == a.key.pid)
		bpf_loop(RP_TASKS_KEPT, ended_step, &a, 0);
	return 0;
}

static __always_inline int has_tasks(const struct rp_worker *w)
{
	const struct rp_live *l = live_slot(w->slot);

	return l && l->serial == w->serial && l->contexts;
}

int context_switch_out(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct unseen s = {.task = task, .since = now, .now = now};
	struct rp_worker *w;
	struct look k;

	if (look_at(&k, task))
		return 0;
	if (k.thread->busy)
		return 1;
	k.thread->out_ns = now;
	if (k.thread->seen == SEEN_BACK)
		s.since = k.thread->seen_ns;
	look(&k, now);
	w = worker_of(task);
	if (w || BPF_CORE_READ(task, __state))
		k.thread->ready_ns = 0;
	else if (!k.thread->ready_ns)
		k.thread->ready_ns = now; /* preempted at home; else since it was woken up it has had no CPU to speak of */
	if (k.known)
		return 0;
	if (w) {
		/* It has read the request and has worked for it since; the request's tasks are on their own from here. */
		if (w->contextual || !has_tasks(w) || !asks_for_events(task))
			return 0;
		context_end_work(w, k.thread, now);
		s.since = now;
	}
	/* Where it waits for work is its home. Preempted, or in a page fault, it may be anywhere. */
	if ((long)BPF_CORE_READ(regs, orig_ax) < 0 || !BPF_CORE_READ(task, __state))
		return 0;
	if (k.in_pool)
		return 0; /* of another's work, in the middle */
	k.thread->home = k.context;
	k.thread->seen = SEEN_HOME;
	if (asks_for_events(task) && !is_lone(k.thread))
		k.thread->seed = 0;
	s.k = &k;
	bpf_loop(RP_RECENT, unseen_step, &s, 0);
	if (live_requests > live_active)
		bpf_loop(RP_MAX_LIVE, after_step, &s, 0);
	return 0;
}

__hidden int context_switch_in(struct task_struct *next, __u64 now)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, next, 0, 0);
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(next);

	if (!t || (!t->python_state && !python_of(next->tgid)))
		return 0;
	if (t->busy)
		return SWITCH_BUSY;
	/* One that has been off the CPU since before any of these requests begins something when it comes from a system call, an idle thread of a pool or
	 * a new one. Else it may go on with the work of others. */
	if (t->seen_ns < contextual_since)
		t->seen = (long)BPF_CORE_READ(regs, orig_ax) >= 0 ? SEEN_HOME : SEEN_NOTHING;
	came_to_cpu(t, next, now);
	return SWITCH_SAMPLE;
}

__hidden void context_waking(struct task_struct *task, __u64 now)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);

	if (t)
		t->ready_ns = now;
}

/* ---- a request ------------------------------------------------------------------------------------------------------- */

/* The task of the request before it on its connection may not be through: then it makes this one's, when it is. Only if it is known: of another
 * one it cannot be told whether it is there still, or another one at its address. */
static __always_inline void expect(struct rp_live *l, __u32 slot)
{
	struct context_key key = {.context = l->sender, .pid = bpf_get_current_pid_tgid() >> 32};
	struct successor s = {.slot = slot, .serial = l->serial};
	struct rp_live *before;

	if (context_of(key.pid, key.context, &before))
		bpf_map_update_elem(&successors, &key, &s, BPF_ANY);
}

int context_seed(__u32 slot)
{
	struct rp_live *l = live_slot(slot);
	struct look k;

	if (!l || look_at_thread(&k, bpf_get_current_task_btf()) || k.py->thread_context == RP_PYTHON_NONE)
		return 0;
	k.thread->seed = slot + 1;
	k.thread->seed_serial = l->serial;
	k.thread->seed_context = k.context;
	k.thread->seed_entered = is_entered(k.context);
	send_seen(k.thread, SEEN_WORK, l->begin_ns);
	if (l->sender)
		expect(l, slot);
	return 1;
}

int context_read(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_worker *w = worker_of(task);
	struct rp_live *l = w ? live_slot(w->slot) : NULL;
	struct look k;

	if (look_at_known(&k, task))
		return 0;
	k.thread->seed = 0;
	if (!l || (!w->contextual && !l->contexts))
		return 0;
	k.thread->busy = 1;
	look(&k, now);
	w = worker_of(task);
	if (w)
		context_end_work(w, k.thread, now);
	k.thread->busy = 0;
	return 1;
}

/* Alone in flight, a request's task begins with this code, as that of the next one will. */
static __always_inline void learn_code(const struct rp_thread *t, __u32 pid, __u64 code)
{
	if (code && is_lone(t))
		bpf_map_update_elem(&task_codes, &pid, &code, BPF_NOEXIST);
}

/* The task `c` has sent of the response of `l`, or of that of another request of its group. Returns SENDER_*. */
static __always_inline int sent_by_task(struct rp_live *l, __u32 slot, const struct look *k, __u32 pid, __u64 now)
{
	if (claim_by_writer(k->known, slot, k->context, now))
		learn_code(k->thread, pid, k->known->code);
	if (is_unclaimed(k->known->state)) /* another one has written first */
		return k->known->state == TASK_UNCLAIMED ? SENDER_ANEW : 0;
	l->sent_by |= RP_SENT_TASK;
	settle(l);
	if (l->task_code && k->known->state == TASK_OWN) /* proven: this is what the tasks of requests begin with here */
		bpf_map_update_elem(&task_codes, &pid, &l->task_code, BPF_ANY);
	return 0;
}

int context_sent(__u32 slot, __u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_live *l = live_slot(slot);
	struct rp_worker *w = worker_of(task);
	struct look k;

	if (!l || look_at(&k, task))
		return 0;
	k.thread->busy = 1;
	/* What some loops send for their tasks later, in any context, is still the task's work. */
	if (!k.known && w && w->serial == l->serial && (w->contextual || l->contexts)) {
		context_end_work(w, k.thread, now);
		send_seen(k.thread, what_is_seen(k.thread, k.known, k.context), now);
	} else {
		look(&k, now);
	}
	k.thread->busy = 0;
	if (k.known && is_of(l, k.live->serial))
		return sent_by_task(l, slot, &k, task->tgid, now);
	return SENDER_OTHER | (k.known && k.known->state != TASK_OWN ? SENDER_ANEW : 0);
}

static __always_inline void sent_by_other(struct rp_live *l, const struct look *k, __u32 pid)
{
	__u64 coroutine = stack_coroutine(), code = coroutine ? code_of(k->py, frame_of(k->py, coroutine)) : 0;

	l->sent_by |= coroutine ? RP_SENT_OTHER : RP_SENT_LOOP;
	learn_code(k->thread, pid, code);
}

int context_sent_by(__u32 slot, __u64 now, __u32 sender)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_live *l = live_slot(slot);
	struct look k;

	if (!l || look_at_known(&k, task))
		return 0;
	if (sender & SENDER_ANEW && k.known) {
		k.thread->busy = 1;
		begin_anew(&k, task, now);
		k.thread->busy = 0;
	}
	if (sender & SENDER_OTHER)
		sent_by_other(l, &k, task->tgid);
	return 0;
}
