// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Stacks: kernel part by bpf_get_stack, user part by the unwinders, one event per different stack of a request. */
#include "stack.bpf.h"

#define ASK_NS 1000000
#define PF_KTHREAD 0x00200000   /* include/linux/sched.h */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STACK_CONTEXTS);
	__type(key, __u32);
	__type(value, struct unwind);
} stack_buffers SEC(".maps");

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
	long bytes = ctx ? bpf_get_stack(ctx, u->addresses, RP_MAX_KERNEL_FRAMES * sizeof(__u64), 0) : 0;

	u->n = bytes > 0 ? (__u32)bytes / sizeof(__u64) : 0;
	u->kernel_flags = ctx ? 0 : RP_STACK_NO_KERNEL;
}

/* Code that is not in the tables: user space should look at the process again. Asked once in a while, for all processes together. */
static __always_inline void ask_for_text(const struct unwind *u, struct task_struct *task)
{
	__u64 now = bpf_ktime_get_ns();
	struct rp_unmapped *e;

	if ((u->reason != RP_STACK_unknown_text && u->space.n) || now - asked_ns < ASK_NS)
		return;
	asked_ns = now;
	e = event_new(RP_EV_UNMAPPED, sizeof *e, now, 0, task);
	if (!e)
		return;
	e->address = u->ip;
	event_made_waking(e, 1);
}

/* Behind the kernel part the rest, of the current thread. */
static __always_inline __u64 finish(struct unwind *u, __u32 serial)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct hash_walk w = {.u = u};
	__u32 flags = u->kernel_flags;

	u->hash = task->tgid;
	bpf_loop(u->n, hash_step, &w, 0);
	u->n_python = u->python_flags = 0;
	u->coroutine = 0;
	u->head.n_kernel = u->n;
	u->reason = RP_STACK_complete;
	if (task->flags & PF_KTHREAD) {
		flags |= RP_STACK_NO_USER;
	} else {
		unwind(u, task);
		ask_for_text(u, task);
		unwind_python(u, task->tgid);
	}
	return u->n ? stack_send(u, task, serial, flags) : 0;
}

__hidden __u64 stack_take(void *ctx, __u32 serial, __u32 context, __u32 *ret_kernel)
{
	struct unwind *u = bpf_map_lookup_elem(&stack_buffers, &context);

	*ret_kernel = 0;
	if (!u)
		return 0;
	kernel_part(ctx, u);
	*ret_kernel = u->n;
	return finish(u, serial);
}

/* ---- where another program may preempt ------------------------------------------------------------------------------- */

__u32 stack_buffer(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	for (__u32 i = 0; i < 4; i++) {
		__u32 key = (cpu + i) % STACK_POOL_SIZE;
		struct pool_buffer *b = bpf_map_lookup_elem(&stack_pool, &key);

		if (b && !__sync_val_compare_and_swap(&b->taken, 0, 1))
			return key + 1;
	}
	COUNT(scratch_full);
	return 0;
}

__hidden __u32 stack_begin(void *ctx)
{
	__u32 number = stack_buffer();
	struct pool_buffer *b = stack_buffer_at(number);

	if (b)
		kernel_part(ctx, &b->unwind);
	return number;
}

int stack_send_edge(__u32 number, struct rp_live *l, struct rp_worker *w, __u64 now)
{
	struct pool_buffer *b = stack_buffer_at(number);
	__u64 stack = b && l && w ? finish(&b->unwind, l->serial) : 0;
	struct rp_tick *e = l && w ? event_new(RP_EV_EDGE, sizeof *e, now, l->serial, bpf_get_current_task_btf()) : NULL;

	if (e) {
		e->h.flags = RP_TICK_KERNEL;
		e->h.task = w->task;
		e->worker = w->index;
		e->cpu = bpf_get_smp_processor_id();
		e->stack = stack;
		event_made(e);
	}
	if (b)
		stack_give_back(b);
	return 0;
}

int stack_send_code(__u32 pid, __u64 code, __u32 check)
{
	struct pool_buffer *b = code ? stack_take_buffer() : NULL;

	if (!b)
		return 0;
	b->unwind.n = 0;
	b->unwind.n_python = 1;
	b->unwind.addresses[0] = code;
	b->unwind.addresses[1] = (__u64)check << 32;
	unwind_python_codes(&b->unwind, pid);
	stack_give_back(b);
	return 0;
}

static __always_inline void python_part(struct unwind *u, struct task_struct *task)
{
	u->n = u->n_python = u->python_flags = u->head.n_kernel = 0;
	u->reason = RP_STACK_complete;
	u->coroutine = 0;
	unwind_python(u, task->tgid);
}

__u64 stack_take_others(__u32 serial)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pool_buffer *b = stack_take_buffer();
	__u64 id = 0;

	if (!b)
		return 0;
	b->unwind.hash = ~(__u64)task->tgid; /* none of the ids of the request's own stacks */
	python_part(&b->unwind, task);
	if (b->unwind.n_python)
		id = stack_send(&b->unwind, task, serial, RP_STACK_OTHERS | RP_STACK_NO_KERNEL);
	stack_give_back(b);
	return id;
}

__u64 stack_coroutine(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pool_buffer *b = stack_take_buffer();
	__u64 found;

	if (!b)
		return 0;
	python_part(&b->unwind, task);
	found = b->unwind.coroutine;
	stack_give_back(b);
	return found;
}
