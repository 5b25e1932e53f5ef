// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Stacks of any thread by the program's own unwinder, no request needed: at ticks of a clock, and where a thread leaves the CPU. */
#include "unwind.bpf.h"

#define TICK 0
#define SWITCH 1

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct unwind);
} buffers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} stacks SEC(".maps");

__s32 tick_pid = 0;     /* process whose ticks are wanted, −1 = none */
__s32 switch_tid = 0;   /* thread whose switches are wanted; 0 = none */
__u64 dropped = 0;
__u64 frames = 0, taken = 0; /* for the benchmark */

static __always_inline int take(struct task_struct *task, __u32 context)
{
	struct unwind *u = bpf_map_lookup_elem(&buffers, &context);
	__u32 n, len;

	if (!u)
		return 0;
	u->n = u->head.n_kernel = 0;
	unwind(u, task);
	n = u->n;
	u->head.h.type = RP_EV_STACK;
	u->head.h.flags = u->reason << RP_STACK_REASON_SHIFT;
	u->head.h.t = bpf_ktime_get_ns();
	u->head.h.pid = task->tgid;
	u->head.h.tid = task->pid;
	u->head.n_user = n;
	__sync_fetch_and_add(&taken, 1);
	__sync_fetch_and_add(&frames, n);
	len = sizeof u->head + n * sizeof(__u64);
	if (len > sizeof u->head + sizeof u->addresses || bpf_ringbuf_output(&stacks, &u->head, len, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&dropped, 1);
	return 0;
}

SEC("perf_event")
int on_tick(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return task->tgid == tick_pid ? take(task, TICK) : 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev)
{
	return switch_tid && prev->pid == switch_tid ? take(prev, SWITCH) : 0;
}
