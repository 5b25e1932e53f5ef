// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a thread of CPython works for, where the other programs ask. */
#include "context_python.bpf.h"

__u32 contextual_requests = 0;
__u32 python_processes = 0;

__u64 context_now(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rp_python *py = python_of(task->tgid);
	struct rp_thread *t = py ? bpf_task_storage_get(&threads, task, 0, 0) : NULL;

	return t ? python_context(py, python_thread_state(py, task, &t->python_state)) : 0;
}

/* ---- a thread -------------------------------------------------------------------------------------------------------- */

int context_look(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct look k;

	if (!look_at(&k, task))
		look(&k, task, now);
	return 0;
}

int context_switch_out(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct look k;

	if (look_at(&k, task) || look(&k, task, now) || k.known)
		return 0;
	/* Where it waits for work is its home. Preempted, or in a page fault, it may be anywhere. */
	if ((long)BPF_CORE_READ(regs, orig_ax) >= 0 && BPF_CORE_READ(task, __state)) {
		k.thread->home = k.context;
		k.thread->seen = SEEN_HOME;
		k.thread->seed = 0;
	}
	return 0;
}

__hidden void context_switch_in(struct task_struct *next, __u64 now)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, next, 0, 0);

	if (t && t->python_state)
		send_seen(t, t->seen == SEEN_HOME ? SEEN_BACK : t->seen, now);
}

/* ---- a request ------------------------------------------------------------------------------------------------------- */

/* The task of the request before it on its connection may not be through: then it makes this one's, when it is. */
static __always_inline void expect(struct rp_live *l, __u32 slot)
{
	struct context_key key = {.context = l->sender, .pid = bpf_get_current_pid_tgid() >> 32};
	struct successor s = {.slot = slot, .serial = l->serial};

	bpf_map_update_elem(&successors, &key, &s, BPF_ANY);
}

int context_seed(__u32 slot)
{
	struct rp_live *l = live_slot(slot);
	struct look k;

	if (!l || look_at(&k, bpf_get_current_task_btf()) || k.py->thread_context == RP_PYTHON_NONE)
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

	if (look_at(&k, task))
		return 0;
	k.thread->seed = 0;
	if (!l || (!w->contextual && !l->contexts))
		return 0;
	w = look(&k, task, now);
	if (w)
		end_work(w, &k, task, now);
	return 1;
}

int context_sent(__u32 slot, __u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_live *l = live_slot(slot);
	struct rp_worker *w = worker_of(task);
	struct look k;
	__u32 number;

	if (!l || look_at(&k, task))
		return 0;
	/* What some loops send for their tasks later, in any context, is still the task's work. */
	l->after_task = 0;
	if (!k.known && w && w->serial == l->serial) {
		number = w->coroutine ? w->task : 0;
		if (end_work(w, &k, task, now) & RP_TASK_SUSPENDED)
			l->after_task = number;
		send_seen(k.thread, what_is_seen(&k), now);
	} else {
		look(&k, task, now);
	}
	if (k.known && k.live->serial == l->serial) {
		l->sent_by |= RP_SENT_TASK;
		l->after_task = k.known->coroutine ? k.known->task : 0;
		return 0;
	}
	l->sent_by |= stack_in_coroutine(task) ? RP_SENT_OTHER : RP_SENT_LOOP;
	return 0;
}
