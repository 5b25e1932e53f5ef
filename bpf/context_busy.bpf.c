// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the thread of an event loop does while it works for others than a marked request that it has read: that is whom the request waits for when
 * one of its tasks could go on. Told at ticks and where the thread gives up its CPU; whether a task could go on turns out later.
 */
#include "context_python.bpf.h"

struct busy {
	struct task_struct *task;
	__u32 reader;
	__u32 serial, unclaimed; /* of the request, or group, whose unclaimed task it is that runs, and that; 0 = none */
	struct rp_busy e;
};

static long busy_step(__u32 slot, struct busy *b)
{
	struct rp_live *l = live_slot(slot);
	__u32 idle = b->e.h.flags & RP_BUSY_IDLE;

	if (!l || l->state != LIVE_BEGUN || l->reader != b->reader || !(l->contexts || l->collects) || l->serial == b->e.by.request)
		return 0;
	if ((idle && !l->busy) || l->events >= RP_MAX_EVENTS)
		return 0;
	l->busy = !idle;
	__sync_fetch_and_add(&l->events, 1);
	b->e.h.request = l->serial;
	b->e.h.task = b->serial == l->serial || (l->group && b->serial == l->group) ? b->unclaimed : 0;
	b->e.stack = b->e.h.flags ? 0 : stack_take_others(l->serial);
	event_send(&b->e, sizeof b->e);
	return 0;
}

int context_busy(__u64 now, int leaves)
{
	struct busy b = {.task = bpf_get_current_task_btf()};
	struct rp_worker *w;
	struct look k;

	if (look_at(&k, b.task) || k.thread->busy || !k.thread->reader)
		return 0;
	b.reader = k.thread->reader;
	event_head(&b.e.h, RP_EV_BUSY, sizeof b.e, now, 0, b.task);
	if (leaves && asks_for_events(b.task))
		b.e.h.flags = RP_BUSY_IDLE;
	else if (leaves && gil_awaited(&b.e.by))
		b.e.h.flags = RP_BUSY_GIL;
	w = worker_of(b.task);
	b.serial = b.unclaimed = 0;
	if (w && w->task && w->unclaimed) {
		b.serial = w->serial;
		b.unclaimed = w->task;
	} else if (w && !b.e.h.flags) {
		b.e.by.request = w->serial;
	}
	bpf_loop(RP_MAX_LIVE, busy_step, &b, 0);
	return 0;
}
