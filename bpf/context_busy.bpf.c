// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the thread of an event loop does while it works for others than a marked request that it has read: that is whom the request waits for when
 * one of its tasks could go on. Told at ticks and where the thread gives up its CPU; whether a task could go on turns out later.
 */
#include "context_python.bpf.h"
#include "stack.bpf.h"

struct busy {
	struct rp_busy *e;      /* as told before, for the next one */
	__u32 reader;
	__u32 serial, unclaimed; /* of the request, or group, whose unclaimed task it is that runs, and that; 0 = none */
};

static long busy_step(__u32 slot, struct busy *b)
{
	struct rp_live *l = live_slot(slot);
	struct rp_busy *e = b->e;
	__u32 idle = e->h.flags & RP_BUSY_IDLE;

	if (!l || l->state != LIVE_BEGUN || l->reader != b->reader || !(l->contexts || l->collects) || l->serial == e->by.request)
		return 0;
	if ((idle && !l->busy) || !event_allowed(l))
		return 0;
	l->busy = !idle;
	e->h.request = l->serial;
	e->h.task = b->serial == l->serial || (l->group && b->serial == l->group) ? b->unclaimed : 0;
	e->stack = e->h.flags ? 0 : stack_take_others(l->serial);
	event_send(e, sizeof *e);
	return 0;
}

static __always_inline void tell(struct busy *b, struct task_struct *task, __u64 now, int leaves)
{
	struct rp_worker *w = worker_of(task);
	struct rp_busy *e = b->e;

	__builtin_memset(e, 0, sizeof *e);
	event_head(&e->h, RP_EV_BUSY, sizeof *e, now, 0, task);
	if (leaves && asks_for_events(task))
		e->h.flags = RP_BUSY_IDLE;
	else if (leaves && gil_awaited(&e->by))
		e->h.flags = RP_BUSY_GIL;
	if (w && w->task && w->unclaimed) {
		b->serial = w->serial;
		b->unclaimed = w->task;
	} else if (w && !e->h.flags) {
		e->by.request = w->serial;
	}
	bpf_loop(RP_MAX_LIVE, busy_step, b, 0);
}

/* Does the current thread read requests, and nobody changes what it works for? Its reader, 0 = no. */
static __always_inline __u32 reader_of(struct task_struct *task)
{
	struct look k;

	return look_at(&k, task) || k.thread->busy ? 0 : k.thread->reader;
}

int context_busy(__u64 now, int leaves)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct busy b = {.reader = reader_of(task)};
	struct pool_buffer *buffer = b.reader ? stack_take_buffer() : NULL;

	if (!buffer)
		return 0;
	b.e = &buffer->busy;
	tell(&b, task, now, leaves);
	stack_give_back(buffer);
	return 0;
}
