/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events: how what is seen gets into the ring buffer. */
#ifndef REQPROF_EVENT_BPF_H
#define REQPROF_EVENT_BPF_H

#include "reqprof.bpf.h"

static __always_inline void event_head(struct rp_event *h, __u16 type, __u32 len, __u64 now, __u32 serial, struct task_struct *task)
{
	h->type = type;
	h->flags = 0;
	h->len = len;
	h->t = now;
	h->request = serial;
	h->pid = task->tgid;
	h->tid = task->pid;
	h->task = 0;
}

/* One that is kept in a map. */
static __always_inline int event_send(void *event, __u32 len)
{
	if (!bpf_ringbuf_output(&events, event, len, BPF_RB_NO_WAKEUP))
		return 0;
	COUNT(events_dropped);
	return -1;
}

/* An event is made in the ring buffer itself: kernels before 6.13 have 512 bytes of stack for a program with all that it calls. What follows its head
 * is zeroed. Who has got it sends it, after all that it names. NULL: there was no room (counted). */
static __always_inline void *event_new(__u16 type, __u32 len, __u64 now, __u32 serial, struct task_struct *task)
{
	struct rp_event *e = bpf_ringbuf_reserve(&events, len, 0);

	if (!e) {
		COUNT(events_dropped);
		return NULL;
	}
	__builtin_memset(e, 0, len);
	event_head(e, type, len, now, serial, task);
	return e;
}

static __always_inline void event_made_waking(void *event, int wake)
{
	bpf_ringbuf_submit(event, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __always_inline void event_made(void *event)
{
	event_made_waking(event, 0);
}

/* One that is a head only. */
static __always_inline void event_tell(__u16 type, __u64 now, __u32 serial, struct task_struct *task, __u16 flags, __u32 number)
{
	struct rp_event *e = event_new(type, sizeof *e, now, serial, task);

	if (!e)
		return;
	e->flags = flags;
	e->task = number;
	event_made(e);
}

#endif
