/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What takes stacks shares: the buffers that they are taken into, and how they are sent.
 *
 * A stack's id is a hash of its addresses and its process. `sent` remembers which ids a request's reader has: a direct-mapped cache, so that a
 * collision costs a second copy of a stack and never a wrong one.
 */
#ifndef REQPROF_STACK_BPF_H
#define REQPROF_STACK_BPF_H

#include "request.bpf.h"
#include "unwind.bpf.h"

#define SENT_SIZE 16384
#define STACK_POOL_SIZE 8

/* Buffers for programs that can be preempted by another one on the same CPU. */
struct pool_buffer {
	__u32 taken;
	__u32 pad;
	union {                 /* an event that is sent when the stack is */
		struct rp_task_wait wait;
		struct rp_busy busy;
	};
	struct unwind unwind;
};

struct stack_pool_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STACK_POOL_SIZE);
	__type(key, __u32);
	__type(value, struct pool_buffer);
};
extern struct stack_pool_map stack_pool SEC(".maps");   /* maps.bpf.c, as is the next one */

struct sent_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SENT_SIZE);
	__type(key, __u32);
	__type(value, __u64);
};
extern struct sent_map sent SEC(".maps");

/* ---- buffers --------------------------------------------------------------------------------------------------------- */

/* stack.bpf.c: the number of one, taken; 0 = all are in use (counted). */
__u32 stack_buffer(void);

static __always_inline struct pool_buffer *stack_buffer_at(__u32 number)
{
	__u32 key = number - 1;

	return bpf_map_lookup_elem(&stack_pool, &key);
}

static __always_inline struct pool_buffer *stack_take_buffer(void)
{
	return stack_buffer_at(stack_buffer());
}

static __always_inline void stack_give_back(struct pool_buffer *b)
{
	__sync_lock_test_and_set(&b->taken, 0);
}

/* The head of an event that says what a task awaits, with nothing known yet. */
static __always_inline void wait_head(struct rp_task_wait *e, struct task_struct *task, __u32 serial, __u32 number, __u64 now)
{
	__builtin_memset(e, 0, sizeof *e);
	event_head(&e->h, RP_EV_TASK_WAITS, sizeof *e, now, serial, task);
	e->h.task = number;
}

/* ---- sending --------------------------------------------------------------------------------------------------------- */

static __always_inline int already_sent(__u64 id, __u32 serial, __u64 **ret_entry)
{
	__u32 key = id & (SENT_SIZE - 1);

	*ret_entry = bpf_map_lookup_elem(&sent, &key);
	return *ret_entry && **ret_entry == (id ^ (__u64)serial << 32);
}

/* Send the stack unless the request has it already. Its id, 0 = it could not be sent (counted). */
static __always_inline __u64 stack_send(struct unwind *u, struct task_struct *task, __u32 serial, __u32 flags)
{
	__u32 n = u->n, len = sizeof u->head + n * sizeof(__u64) + u->n_python * sizeof(struct rp_python_frame);
	__u64 id = u->hash ?: 1;
	__u64 *entry;

	if (already_sent(id, serial, &entry))
		return id;
	if (u->n_python)
		unwind_python_codes(u, task->tgid);
	event_head(&u->head.h, RP_EV_STACK, len, bpf_ktime_get_ns(), serial, task);
	u->head.h.flags = flags | u->python_flags | u->reason << RP_STACK_REASON_SHIFT;
	u->head.id = id;
	u->head.n_user = n - u->head.n_kernel;
	u->head.n_python = u->n_python;
	u->head.pad = 0;
	if (len > sizeof u->head + sizeof u->addresses)
		return 0;
	if (bpf_ringbuf_output(&events, &u->head, len, BPF_RB_NO_WAKEUP)) {
		COUNT(events_dropped);
		COUNT(stacks_dropped);
		return 0;
	}
	if (entry)
		*entry = id ^ (__u64)serial << 32;
	return id;
}

#endif
