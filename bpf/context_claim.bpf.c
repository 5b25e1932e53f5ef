// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Servers whose tasks are there before the request that they serve: one for each connection, as of aiohttp, tornado and hypercorn. Such a task, or
 * one that it makes, serves the request, and nothing tells it from those of the other connections until it writes the response. So what the tasks of
 * the thread do is recorded as if it were the request's, each under a number of its own, unclaimed; the one that writes the response claims its
 * number, and the rest is void (user/capture/claims.c). A task that writes another response begins anew: until then it was not for ours. The same
 * where a task was made after the read, and it is not known yet what those of requests look like here: that is a guess.
 *
 * A thread's time can be recorded once: one request at a time collects. Another one that begins meanwhile stays ambiguous.
 */
#include "context_python.bpf.h"

__u64 collector = 0;

int claim_collects(__u32 slot, int shared)
{
	struct rp_live *l = live_slot(slot);
	__u64 before = collector;
	__u32 other;

	if (!l || !python_of(l->pid) || (!shared && is_code_known(l->pid)) || collecting(&other))
		return 0;
	if (__sync_val_compare_and_swap(&collector, before, (__u64)l->serial << 32 | (slot + 1)) == before)
		l->collects = 1;
	return 0;
}

/* In functions of their own, so that no more of the stack is in use where deeper calls begin. */
int claim_tell(struct rp_live *l, __u32 number, __u64 code)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rp_python *py = python_of(task->tgid);
	struct rp_task e = {.coroutine = {.code = code, .instr = RP_PYTHON_NO_INSTR}};

	if (!l)
		return 0;
	event_head(&e.h, RP_EV_TASK, sizeof e, bpf_ktime_get_ns(), l->serial, task);
	e.h.flags = RP_TASK_UNCLAIMED;
	e.h.task = number;
	e.coroutine.check = py && code ? python_check_at(py, code) : 0;
	event_send(&e, sizeof e);
	return 0;
}

int claim_add(struct rp_thread *t, __u64 context, __u64 coroutine)
{
	struct context_key key = {.context = context, .pid = bpf_get_current_pid_tgid() >> 32};
	struct task_context c = {.coroutine = coroutine, .is_made = 1, .state = TASK_UNCLAIMED};
	const struct rp_python *py = python_of(key.pid);
	__u64 frame = py ? frame_of(py, coroutine) : 0;
	struct rp_live *l;
	__u32 slot;

	l = collecting(&slot);
	if (!t || !l || l->pid != key.pid || !frame)
		return 0;
	c.slot = slot;
	c.serial = l->serial;
	c.code = code_of(py, frame);
	c.first_local = python_pointer(frame + py->frame_locals);
	c.task = __sync_fetch_and_add(&l->numbers, 1) + 1;
	claim_tell(l, c.task, c.code);
	if (bpf_map_update_elem(&contexts, &key, &c, BPF_ANY)) {
		COUNT(storage_failed);
		return 0;
	}
	remember(t, context);
	return 1;
}

static __always_inline void send_claim(const struct task_context *c, __u32 flags, __u64 now)
{
	struct rp_event e;

	event_head(&e, RP_EV_TASK_CLAIMED, sizeof e, now, c->serial, bpf_get_current_task_btf());
	e.flags = flags;
	e.task = c->task;
	event_send(&e, sizeof e);
}

int claim_by_writer(struct task_context *c, struct rp_live *l, __u64 context, __u64 now)
{
	if (!c || !l || !is_unclaimed(c->state) || l->collects == COLLECTED)
		return 0;
	send_claim(c, 0, now);
	l->collects = COLLECTED;
	__sync_fetch_and_add(&l->contexts, 1);
	if (c->state == TASK_UNCLAIMED) {
		c->state = TASK_CLAIMED;
		return 1;
	}
	c->state = TASK_OWN;
	if (c->coroutine) {
		__sync_fetch_and_add(&l->unfinished, 1);
		l->made[l->n_made++ % RP_TASKS_KEPT] = context;
	}
	return 1;
}

int claim_by_other(struct task_context *c, __u64 now)
{
	if (c && is_unclaimed(c->state))
		send_claim(c, RP_TASK_OTHERS, now);
	return 0;
}

int claim_is_void(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct look k;

	if (look_at_thread(&k, task) || !k.known || k.known->state == TASK_OWN || k.thread->busy)
		return 0;
	k.thread->busy = 1;
	look(&k, now);
	begin_anew(&k, task, now);
	k.thread->busy = 0;
	return 0;
}
