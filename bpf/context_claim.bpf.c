// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Servers whose tasks are there before the request that they serve: one for each connection, as of aiohttp, tornado and hypercorn. Such a task, or
 * one that it makes, serves the request, and nothing tells it from those of the other connections until it writes the response. So what the tasks of
 * the thread do is recorded as if it were the request's, each under a number of its own, unclaimed; the one that writes the response claims its
 * number, and the rest is void (user/capture/claims.c). A task that writes another response begins anew: until then it was not for ours. The same
 * where a task was made after the read, and it is not known yet what those of requests look like here: that is a guess.
 *
 * A thread's time is recorded once. Where several requests want it at the same time it is recorded for all of them, their group, which has a slot,
 * workers and a serial as a request has; user space gives each of them what the group has, and what is not claimed by it is void for it.
 */
#include "context_python.bpf.h"
#include "group.bpf.h"

__u32 groups = 0;
__u32 last_group = 0;

/* ---- a request ------------------------------------------------------------------------------------------------------- */

/* Once, and before it has tasks of its own, whose numbers depend on it. */
int claim_collects(__u32 slot, int shared)
{
	struct rp_live *l = live_slot(slot), *g = l ? live_slot(group_slot(l->reader)) : NULL;
	__u32 serial = l ? l->serial : 0;

	if (!g || is_group(slot) || l->group || l->numbers || !python_of(l->pid) || (!shared && is_code_known(l->pid)))
		return 0;
	if (!group_join(g, l) && !group_found(g, l))
		return 0;
	l->collects = 1;
	l->group_ticks = g->ticks;
	l->group_switches = g->switches;
	l->group = g->serial;
	if (l->serial != serial || l->state != LIVE_BEGUN) {
		group_quit(g, l, bpf_ktime_get_ns()); /* its end, on another CPU, came first */
		return 0;
	}
	event_tell(RP_EV_GROUP, bpf_ktime_get_ns(), l->serial, bpf_get_current_task_btf(), 0, g->serial);
	return 0;
}

/* ---- tasks ----------------------------------------------------------------------------------------------------------- */

/* In functions of their own, so that no more of the stack is in use where deeper calls begin. */
int claim_tell(struct rp_live *l, __u32 number, __u64 code)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rp_python *py = python_of(task->tgid);
	__u32 check = py && code ? python_check_at(py, code) : 0;
	struct rp_task *e = l ? event_new(RP_EV_TASK, sizeof *e, bpf_ktime_get_ns(), l->serial, task) : NULL;

	if (!e)
		return 0;
	e->h.flags = RP_TASK_UNCLAIMED;
	e->h.task = number;
	e->coroutine.code = code;
	e->coroutine.instr = RP_PYTHON_NO_INSTR;
	e->coroutine.check = check;
	event_made(e);
	return 0;
}

int claim_add(struct rp_thread *t, __u64 context, __u64 coroutine)
{
	struct context_key key = {.context = context, .pid = bpf_get_current_pid_tgid() >> 32};
	struct task_context c = {.coroutine = coroutine, .is_made = 1, .is_noted = 1, .state = TASK_UNCLAIMED};
	const struct rp_python *py = python_of(key.pid);
	__u64 frame = py ? frame_of(py, coroutine) : 0;
	struct rp_live *g;
	__u32 slot;

	g = t ? collecting(t, &slot) : NULL;
	if (!g || g->pid != key.pid || !frame)
		return 0;
	c.slot = slot;
	c.serial = g->serial;
	c.code = code_of(py, frame);
	c.first_local = python_pointer(frame + py->frame_locals);
	c.task = task_number(g, slot);
	claim_tell(g, c.task, c.code);
	if (bpf_map_update_elem(&contexts, &key, &c, BPF_ANY)) {
		COUNT(storage_failed);
		return 0;
	}
	return 1;
}

static __always_inline void send_claim(const struct task_context *c, __u32 serial, __u32 flags, __u64 now)
{
	event_tell(RP_EV_TASK_CLAIMED, now, serial, bpf_get_current_task_btf(), flags, c->task);
}

/* One that was there before is the request's, as long as that lasts. */
static __always_inline void take_over(struct task_context *c, const struct rp_live *l, __u32 slot)
{
	c->slot = slot;
	c->serial = l->serial;
	c->state = TASK_CLAIMED;
}

int claim_by_writer(struct task_context *c, __u32 slot, __u64 context, __u64 now)
{
	struct rp_live *l = live_slot(slot);

	if (!c || !l || !is_unclaimed(c->state) || l->collects == COLLECTED)
		return 0;
	send_claim(c, l->serial, 0, now);
	settle(l);
	__sync_fetch_and_add(&l->contexts, 1);
	if (c->state == TASK_UNCLAIMED) {
		take_over(c, l, slot);
		return !c->is_noted;
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
	if (c && c->state != TASK_OWN)
		send_claim(c, c->serial, RP_TASK_OTHERS, now);
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
