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
#define ASK_NS 1000000
#define PF_KTHREAD 0x00200000   /* include/linux/sched.h */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STACK_CONTEXTS);
	__type(key, __u32);
	__type(value, struct unwind);
} stack_buffers SEC(".maps");

/* Buffers for programs that can be preempted by another one on the same CPU. */
struct pool_buffer {
	__u32 taken;
	__u32 pad;
	struct unwind unwind;
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

static __u64 asked_ns;

struct hash_walk {
	struct unwind *u;
};

static long hash_step(__u32 i, struct hash_walk *w)
{
	if (i >= RP_MAX_KERNEL_FRAMES)
		return 1;
	w->u->hash = hash_add(w->u->hash, w->u->addresses[i]);
	return 0;
}

static __always_inline void kernel_part(void *ctx, struct unwind *u)
{
	long bytes = bpf_get_stack(ctx, u->addresses, RP_MAX_KERNEL_FRAMES * sizeof(__u64), 0);
	struct hash_walk w = {.u = u};

	if (bytes <= 0)
		return;
	u->n = (__u32)bytes / sizeof(__u64);
	bpf_loop(u->n, hash_step, &w, 0);
}

static __always_inline int already_sent(__u64 id, __u32 serial, __u64 **ret_entry)
{
	__u32 key = id & (SENT_SIZE - 1);

	*ret_entry = bpf_map_lookup_elem(&sent, &key);
	return *ret_entry && **ret_entry == (id ^ (__u64)serial << 40);
}

static __always_inline __u64 send(struct unwind *u, struct task_struct *task, __u32 serial, __u32 flags)
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
		*entry = id ^ (__u64)serial << 40;
	return id;
}

/* Code that is not in the tables: user space should look at the process again. Asked once in a while, for all processes together. */
static __always_inline void ask_for_text(const struct unwind *u, struct task_struct *task)
{
	struct rp_unmapped e = {.address = u->ip};
	__u64 now = bpf_ktime_get_ns();

	if ((u->reason != RP_STACK_unknown_text && u->space.n) || now - asked_ns < ASK_NS)
		return;
	asked_ns = now;
	event_head(&e.h, RP_EV_UNMAPPED, sizeof e, now, 0, task);
	event_send_waking(&e, sizeof e, 1);
}

static __always_inline __u64 fill_and_send(void *ctx, struct unwind *u, struct task_struct *task, __u32 serial, __u32 *ret_kernel)
{
	__u32 flags = ctx ? 0 : RP_STACK_NO_KERNEL;

	u->hash = task->tgid;
	u->n = u->n_python = u->python_flags = 0;
	u->coroutine = 0;
	if (ctx)
		kernel_part(ctx, u);
	u->head.n_kernel = u->n;
	*ret_kernel = u->n;
	u->reason = RP_STACK_complete;
	if (task->flags & PF_KTHREAD) {
		flags |= RP_STACK_NO_USER;
	} else {
		unwind(u, task);
		ask_for_text(u, task);
		unwind_python(u, task->tgid);
	}
	return u->n ? send(u, task, serial, flags) : 0;
}

__hidden __u64 stack_take(void *ctx, struct task_struct *task, __u32 serial, __u32 context, __u32 *ret_kernel)
{
	struct unwind *u = bpf_map_lookup_elem(&stack_buffers, &context);

	*ret_kernel = 0;
	return u ? fill_and_send(ctx, u, task, serial, ret_kernel) : 0;
}

static __always_inline struct pool_buffer *take_buffer(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	for (__u32 i = 0; i < 4; i++) {
		__u32 key = (cpu + i) % POOL_SIZE;
		struct pool_buffer *b = bpf_map_lookup_elem(&stack_pool, &key);

		if (b && !__sync_val_compare_and_swap(&b->taken, 0, 1))
			return b;
	}
	COUNT(scratch_full);
	return NULL;
}

static __always_inline void give_back(struct pool_buffer *b)
{
	__sync_lock_test_and_set(&b->taken, 0);
}

__hidden __u64 stack_take_preemptible(void *ctx, struct task_struct *task, __u32 serial)
{
	struct pool_buffer *b = take_buffer();
	__u32 kernel;
	__u64 id;

	if (!b)
		return 0;
	id = fill_and_send(ctx, &b->unwind, task, serial, &kernel);
	give_back(b);
	return id;
}

__hidden void stack_take_awaits(struct task_struct *task, __u32 serial, __u64 coroutine, struct rp_task_wait *e)
{
	struct pool_buffer *b = take_buffer();
	struct unwind *u;

	e->h.flags = 0;
	if (!b)
		return;
	u = &b->unwind;
	u->hash = task->tgid;
	u->n = u->n_python = u->python_flags = u->head.n_kernel = 0;
	u->reason = RP_STACK_complete;
	u->coroutine = coroutine;
	unwind_awaits(u, task->tgid);
	e->h.flags = u->suspended;
	e->awaited = u->awaited;
	e->awaited_type = u->awaited_type;
	e->local = u->local;
	e->local_2 = u->local_2;
	e->local_type = u->local_type;
	if (u->n_python)
		e->stack = send(u, task, serial, RP_STACK_AWAITS | RP_STACK_NO_KERNEL);
	give_back(b);
}

int stack_send_code(__u32 pid, __u64 code, __u32 check)
{
	struct pool_buffer *b = code ? take_buffer() : NULL;

	if (!b)
		return 0;
	b->unwind.n = 0;
	b->unwind.n_python = 1;
	b->unwind.addresses[0] = code;
	b->unwind.addresses[1] = (__u64)check << 32;
	unwind_python_codes(&b->unwind, pid);
	give_back(b);
	return 0;
}

static __always_inline void python_part(struct unwind *u, struct task_struct *task)
{
	u->n = u->n_python = u->python_flags = u->head.n_kernel = 0;
	u->reason = RP_STACK_complete;
	u->coroutine = 0;
	unwind_python(u, task->tgid);
}

__hidden __u64 stack_take_others(struct task_struct *task, __u32 serial)
{
	struct pool_buffer *b = take_buffer();
	__u64 id = 0;

	if (!b)
		return 0;
	b->unwind.hash = ~(__u64)task->tgid; /* none of the ids of the request's own stacks */
	python_part(&b->unwind, task);
	if (b->unwind.n_python)
		id = send(&b->unwind, task, serial, RP_STACK_OTHERS | RP_STACK_NO_KERNEL);
	give_back(b);
	return id;
}

__hidden __u64 stack_coroutine(struct task_struct *task)
{
	struct pool_buffer *b = take_buffer();
	__u64 found;

	if (!b)
		return 0;
	python_part(&b->unwind, task);
	found = b->unwind.coroutine;
	give_back(b);
	return found;
}
