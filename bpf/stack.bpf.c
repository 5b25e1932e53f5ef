// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Stacks: kernel part by bpf_get_stack, user part by the unwinders, one event per different stack of a request.
 *
 * A stack's id is a hash of its addresses and its process. `sent` remembers which ids a request's reader has: a direct-mapped cache, so that a
 * collision costs a second copy of a stack and never a wrong one.
 */
#include "request.bpf.h"
#include "unwind.bpf.h"

#define SENT_SIZE 16384
#define POOL_SIZE 8

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STACK_CONTEXTS);
	__type(key, __u32);
	__type(value, struct stack_buffer);
} stack_buffers SEC(".maps");

/* Buffers for programs that can be preempted by another one on the same CPU. */
struct pool_buffer {
	__u32 taken;
	__u32 pad;
	struct stack_buffer stack;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, POOL_SIZE);
	__type(key, __u32);
	__type(value, struct pool_buffer);
} stack_pool SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SENT_SIZE);
	__type(key, __u32);
	__type(value, __u64);
} sent SEC(".maps");

struct hash_walk {
	struct stack_buffer *stack;
	__u64 hash;
};

static long hash_step(__u32 i, struct hash_walk *w)
{
	if (i >= RP_MAX_KERNEL_FRAMES)
		return 1;
	w->hash = hash_add(w->hash, w->stack->addresses[i]);
	return 0;
}

static __always_inline __u32 kernel_part(void *ctx, struct stack_buffer *s, __u64 *hash)
{
	long bytes = bpf_get_stack(ctx, s->addresses, RP_MAX_KERNEL_FRAMES * sizeof(__u64), 0);
	struct hash_walk w = {.stack = s, .hash = *hash};
	__u32 n;

	if (bytes <= 0)
		return 0;
	n = (__u32)bytes / sizeof(__u64);
	bpf_loop(n, hash_step, &w, 0);
	*hash = w.hash;
	return n;
}

static __always_inline void user_part(struct task_struct *task, struct unwind *u)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	u->ip = BPF_CORE_READ(regs, ip);
	u->sp = BPF_CORE_READ(regs, sp);
	u->fp = BPF_CORE_READ(regs, bp);
	if (!unwind_push(u, u->ip))
		unwind_fp(u);
}

static __always_inline int already_sent(__u64 id, __u32 serial, __u64 **ret_entry)
{
	__u32 key = id & (SENT_SIZE - 1);

	*ret_entry = bpf_map_lookup_elem(&sent, &key);
	return *ret_entry && **ret_entry == (id ^ (__u64)serial << 40);
}

static __always_inline __u64 send(struct stack_buffer *s, struct unwind *u, struct task_struct *task, __u32 serial)
{
	__u32 len = sizeof s->head + u->n * sizeof(__u64);
	__u64 id = u->hash ?: 1;
	__u64 *entry;

	if (already_sent(id, serial, &entry))
		return id;
	event_head(&s->head.h, RP_EV_STACK, len, bpf_ktime_get_ns(), serial, task);
	s->head.h.flags = u->flags;
	s->head.id = id;
	s->head.n_user = u->n - s->head.n_kernel;
	s->head.pad = 0;
	if (len > sizeof *s)
		return 0;
	if (bpf_ringbuf_output(&events, s, len, BPF_RB_NO_WAKEUP)) {
		COUNT(events_dropped);
		COUNT(stacks_dropped);
		return 0;
	}
	if (entry)
		*entry = id ^ (__u64)serial << 40;
	return id;
}

static __always_inline __u64 fill_and_send(void *ctx, struct stack_buffer *s, struct task_struct *task, __u32 serial, __u32 *ret_kernel)
{
	struct unwind u = {.stack = s, .hash = task->tgid};
	__u32 n = 0;

	if (ctx)
		n = kernel_part(ctx, s, &u.hash);
	s->head.n_kernel = n;
	u.n = n;
	u.flags = ctx ? 0 : RP_STACK_NO_KERNEL;
	*ret_kernel = n;
	if (!(task->flags & 0x00200000)) /* PF_KTHREAD, include/linux/sched.h */
		user_part(task, &u);
	return u.n ? send(s, &u, task, serial) : 0;
}

__hidden __u64 stack_take(void *ctx, struct task_struct *task, __u32 serial, __u32 context, __u32 *ret_kernel)
{
	struct stack_buffer *s = bpf_map_lookup_elem(&stack_buffers, &context);

	*ret_kernel = 0;
	return s ? fill_and_send(ctx, s, task, serial, ret_kernel) : 0;
}

__hidden __u64 stack_take_preemptible(void *ctx, struct task_struct *task, __u32 serial)
{
	__u32 cpu = bpf_get_smp_processor_id(), kernel;
	__u64 id;

	for (__u32 i = 0; i < 4; i++) {
		__u32 key = (cpu + i) % POOL_SIZE;
		struct pool_buffer *b = bpf_map_lookup_elem(&stack_pool, &key);

		if (!b || __sync_val_compare_and_swap(&b->taken, 0, 1))
			continue;
		id = fill_and_send(ctx, &b->stack, task, serial, &kernel);
		__sync_lock_test_and_set(&b->taken, 0);
		return id;
	}
	COUNT(scratch_full);
	return 0;
}
