// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the threads of a marked request do: samples on the CPU, and exactly when they were off it.
 *
 * Without a live request every program here is one test. A begin wakes the arming thread of its CPU, which enables the CPU's perf event; until
 * it has, a timer samples (where that thread has no real-time priority it may come too late for a short request).
 */
#include "slice.bpf.h"

#define TASK_STOPPED_OR_TRACED 0xc      /* include/linux/sched.h: __TASK_STOPPED | __TASK_TRACED */
#define THREAD_SIZE 16384               /* arch/x86/include/asm/page_64_types.h */
#define AFTER_MAX_NS 30000000000ULL     /* work after the response is followed for so long, and not if none is done … */
#define AFTER_IDLE_NS 2000000000ULL     /* … for so long: meanwhile its report is not there */
#define FIRST_TIMER_TICK_NS 100000      /* by then the perf event should tick instead */
#define CLOCK_MONOTONIC 1
#ifndef BPF_F_TIMER_CPU_PIN
#define BPF_F_TIMER_CPU_PIN 2           /* include/uapi/linux/bpf.h */
#endif

/* One for the arming thread of each CPU that is online: user space makes them. */
struct arm_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RP_ARM_RING);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct arm_ring);
} arm_rings SEC(".maps");

/* State of each CPU's perf event; user space resizes it to the number of CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} cpu_state SEC(".maps");

/* In a map of their own: programs other than tp_btf ones may not use a map with timers. Resized like cpu_state. */
struct bridge {
	struct bpf_timer timer;
	__u32 initialised;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bridge);
} bridges SEC(".maps");

/* ---- ticks ------------------------------------------------------------------------------------------------------- */

static __always_inline void tick(void *ctx, struct task_struct *task, struct rp_worker *w, __u32 context)
{
	struct rp_live *l = live_slot(w->slot);
	__u64 now = bpf_ktime_get_ns(), stack;
	struct rp_tick *e;
	__u32 kernel = 0;
	int gil;

	if (!l)
		return;
	__sync_fetch_and_add(&l->ticks, 1);
	if (!w->contextual && loop_returned(w, l, now))
		return;
	if (!event_allowed(l)) {
		__sync_fetch_and_add(&l->lost_ticks, 1);
		return;
	}
	w->last_tick_ns = now;
	stack = stack_take(ctx, w->serial, context, &kernel);
	gil = gil_held();
	e = event_new(RP_EV_TICK, sizeof *e, now, w->serial, task);
	if (!e) {
		__sync_fetch_and_add(&l->lost_ticks, 1);
		return;
	}
	if (context == STACK_TIMER) {
		struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

		/* The interrupt itself left a negative number; a system call in progress its own. */
		kernel = (long)BPF_CORE_READ(regs, orig_ax) >= 0;
		e->h.flags = RP_TICK_TIMER;
	}
	if (kernel)
		e->h.flags |= RP_TICK_KERNEL;
	if (gil)
		e->h.flags |= RP_TICK_GIL;
	e->h.task = w->task;
	e->worker = w->index;
	e->cpu = bpf_get_smp_processor_id();
	e->stack = stack;
	event_made_waking(e, !l->told);
	l->told = 1;
}

/* The record of the request that the current thread works for, NULL = none, or one is about to find out. */
static __always_inline struct rp_worker *worker_now(struct task_struct *task)
{
	__u64 now;

	if (contextual_requests) {
		now = bpf_ktime_get_ns();
		context_look_at_others(now);
		if (context_look(now))
			return NULL;
		context_busy(now, 0);
	}
	if (live_done)
		live_over();
	return worker_of(task);
}

SEC("perf_event")
int on_tick(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_worker *w = live_requests ? worker_now(task) : NULL;

	if (w && !turn_is_left())
		tick(ctx, task, w, STACK_TICK);
	return 0;
}

/* Pinned to this CPU where the kernel can (6.7), else it may tick where another thread runs: a sample missed, never a wrong one. */
static __always_inline void timer_start(struct bpf_timer *timer, __u64 after_ns)
{
	if (bpf_timer_start(timer, after_ns, BPF_F_TIMER_CPU_PIN) == -22 /* EINVAL */)
		bpf_timer_start(timer, after_ns, 0);
}

static int bridge_tick(void *map, __u32 *cpu, struct bridge *b)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *state = bpf_map_lookup_elem(&cpu_state, cpu);
	struct rp_worker *w;

	if (!live_requests || !state || *state != RP_CPU_ASKED)
		return 0;
	w = worker_now(task);
	if (w && !turn_is_left())
		tick(NULL, task, w, STACK_TIMER);
	timer_start(&b->timer, cfg.interval_ns);
	return 0;
}

static __always_inline void bridge_start(__u32 cpu)
{
	struct bridge *b = bpf_map_lookup_elem(&bridges, &cpu);

	if (!b)
		return;
	if (!b->initialised) {
		bpf_timer_init(&b->timer, &bridges, CLOCK_MONOTONIC);
		bpf_timer_set_callback(&b->timer, bridge_tick);
		b->initialised = 1;
	}
	timer_start(&b->timer, FIRST_TIMER_TICK_NS);
}

/* Tell this CPU's arming thread. */
static __always_inline long tell(__u32 cpu, __u32 what, __u64 now)
{
	struct rp_arm message = {.what = what, .cpu = cpu, .t = now};
	void *ring = bpf_map_lookup_elem(&arm_rings, &cpu);

	return ring ? bpf_ringbuf_output(ring, &message, sizeof message, BPF_RB_FORCE_WAKEUP) : -1;
}

/* Ask for this CPU's perf event, once. */
static __always_inline int ask(__u64 now)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u64 *state = bpf_map_lookup_elem(&cpu_state, &cpu);

	if (!state || *state != RP_CPU_IDLE || __sync_val_compare_and_swap(state, RP_CPU_IDLE, RP_CPU_ASKED) != RP_CPU_IDLE)
		return 0;
	if (tell(cpu, RP_ARM_CPU, now))
		*state = RP_CPU_IDLE;
	return 1;
}

__hidden int sampling_ask(__u64 now)
{
	return ask(now);
}

int sampling_start(__u64 now)
{
	int asked = ask(now);

	if (asked)
		bridge_start(bpf_get_smp_processor_id());
	return asked;
}

__hidden void sampling_stop(__u64 now)
{
	tell(bpf_get_smp_processor_id(), RP_ARM_NONE, now);
}

/* ---- waits ------------------------------------------------------------------------------------------------------- */

struct task_struct___throttled {
	bool throttled;
} __attribute__((preserve_access_index));

/* Is the task kept off the CPU by its cgroup's quota? (6.18 throttles tasks one by one, before that whole run queues.) */
static __always_inline int throttled(struct task_struct *task)
{
	struct task_struct___throttled *t = (void *)task;

	if (bpf_core_field_exists(t->throttled) && BPF_CORE_READ(t, throttled))
		return 1;
	if (bpf_core_field_exists(task->se.cfs_rq->throttle_count))
		return BPF_CORE_READ(task, se.cfs_rq, throttle_count) > 0;
	return 0;
}

static __always_inline void read_syscall(struct task_struct *task, struct rp_wait *wait)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	long nr = BPF_CORE_READ(regs, orig_ax);

	wait->user_ip = BPF_CORE_READ(regs, ip);
	wait->nr = nr;
	if (nr < 0)
		return;
	wait->h.flags |= RP_WAIT_SYSCALL;
	wait->args[0] = BPF_CORE_READ(regs, di);
	wait->args[1] = BPF_CORE_READ(regs, si);
	wait->args[2] = BPF_CORE_READ(regs, dx);
	wait->args[3] = BPF_CORE_READ(regs, r10);
	wait->args[4] = BPF_CORE_READ(regs, r8);
	wait->args[5] = BPF_CORE_READ(regs, r9);
}

/* A voluntary wait: what for. Non-zero if the thread has returned to an event wait and is no longer the request's. */
static __always_inline int describe_wait(struct task_struct *task, struct rp_worker *w, struct rp_live *l, __u64 now)
{
	struct rp_wait *wait = &w->wait;
	__s32 fd = -1;

	if (BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait))
		wait->h.flags |= RP_WAIT_IOWAIT;
	if (!(wait->h.flags & RP_WAIT_SYSCALL))
		return 0;
	if (!(wait->state & TASK_STOPPED_OR_TRACED) && event_wait(task, wait->nr, wait->args, &fd, &wait->timeout_ns) && !w->contextual) {
		worker_release(w, l, now, release_reason(l));
		return 1;
	}
	if (!gil_wait(w->slot * RP_MAX_WORKERS + w->index % RP_MAX_WORKERS))
		object_describe(task, fd, &wait->object);
	return 0;
}

static __always_inline void switch_out(void *ctx, bool preempt, struct task_struct *task, struct rp_worker *w, __u32 state,
				       __u64 now)
{
	struct rp_live *l = live_slot(w->slot);
	struct rp_wait *wait = &w->wait;
	__u32 kernel;

	if (!l || (!w->contextual && loop_returned(w, l, now)))
		return;
	__sync_fetch_and_add(&l->switches, 1);
	worker_came(w, l);
	if (now < w->run_since)
		now = w->run_since; /* it was taken up in the interrupts before the switch */
	slice_leave(w, task, now);
	wait_begin(w, task, now, state);
	wait->h.task = w->task;
	read_syscall(task, wait);
	if (preempt || !state) {
		wait->h.flags |= RP_WAIT_PREEMPTED | (throttled(task) ? RP_WAIT_THROTTLED : 0);
		wait->woken_ns = now;
	} else if (describe_wait(task, w, l, now)) {
		return;
	}
	/* A thread that is taken off the CPU is on its way out of the kernel, or not in it: there is nothing to see but that. */
	if (wait->h.flags & RP_WAIT_PREEMPTED)
		ctx = NULL;
	wait->stack = stack_take(ctx, w->serial, STACK_SWITCH, &kernel);
	wait->out_ns = now;
	w->waiting = 1;
}

static __always_inline void switch_in(struct task_struct *task, struct rp_worker *w, __u64 now)
{
	struct rp_live *l = live_slot(w->slot);
	struct rp_wait *wait = &w->wait;

	if (!l)
		return;
	if (wait->out_ns)
		worker_wait_end(w, l, now);
	slice_come(w, task, now);
	ask(now);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state)
{
	struct rp_worker *w;
	int busy = 0;
	__u64 now;

	if (!live_requests)
		return 0;
	now = switch_time(prev, bpf_ktime_get_ns());
	if (contextual_requests) {
		busy = context_switch_out(now);
		if (!busy && prev_state && !preempt)
			context_busy(now, 1);
	}
	if (live_done)
		live_over();
	if (handlers_used)
		handler_check(now);
	w = worker_of(prev);
	if (w && !busy)
		switch_out(ctx, preempt, prev, w, prev_state, now);
	busy = contextual_requests ? context_switch_in(next, now) : 0;
	w = worker_of(next);
	if (w && !(busy & SWITCH_BUSY))
		switch_in(next, w, now);
	else if (busy & SWITCH_SAMPLE)
		ask(now);
	return 0;
}

/* ---- wake-ups ---------------------------------------------------------------------------------------------------- */

/* x86 serves interrupts, hard and soft, on a stack of the CPU. The arguments of a tp_btf program lie on the stack that its tracepoint runs
 * on (kernel/trace/bpf_trace.c, __bpf_trace_run), so the address of ctx tells; through memory, because the verifier keeps pointers opaque. */
static __always_inline int on_interrupt_stack(void *ctx, struct rp_worker *w, struct task_struct *task)
{
	volatile __u64 *address = &w->ctx_address;

	*address = (__u64)ctx;
	return *address - (__u64)BPF_CORE_READ(task, stack) >= THREAD_SIZE;
}

/* Is the current task inside a system call that sends? Then a wake-up from a soft interrupt is its own doing: loopback delivers there. */
static __always_inline int sends(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	switch ((long)BPF_CORE_READ(regs, orig_ax)) {
	case 1: case 3: case 20: case 40: case 42: case 44: case 46: case 48: case 275: case 307: /* write, close, writev, sendfile, connect,
												   * sendto, sendmsg, shutdown, splice, sendmmsg */
		return 1;
	}
	return 0;
}

static __always_inline void name_waker(void *ctx, struct rp_worker *w)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct rp_wait *wait = &w->wait;

	wait->h.flags |= RP_WAIT_WAKER;
	if (on_interrupt_stack(ctx, w, current) && !sends(current)) {
		wait->h.flags |= RP_WAIT_WAKER_IRQ;
		__builtin_memcpy(wait->waker_comm, "interrupt", 10);
		return;
	}
	wait->waker_pid = current->tgid;
	wait->waker_tid = current->pid;
	bpf_probe_read_kernel_str(wait->waker_comm, sizeof wait->waker_comm, current->comm);
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	struct rp_worker *w;
	__u64 now;

	if (!live_requests)
		return 0;
	now = bpf_ktime_get_ns();
	if (contextual_requests)
		context_waking(task, now);
	w = worker_of(task);
	if (!w || !w->wait.out_ns || w->wait.woken_ns)
		return 0;
	name_waker(ctx, w);
	w->wait.woken_ns = now;
	return 0;
}

/* ---- sweep: what only time can tell, run by the tracer every 100 ms while something is live ---------------------- */

struct sweep {
	struct rp_sweep *args;
	__u64 now;
};

/* A task that does nothing for a while may go on for ever. */
static __always_inline int works_on(const struct rp_live *l, __u64 now)
{
	__u64 ran_ns = l->ran_ns > l->end_ns ? l->ran_ns : l->end_ns;

	return now - l->end_ns < AFTER_MAX_NS && (ran_ns > now || now - ran_ns < AFTER_IDLE_NS);
}

static long sweep_slot(__u32 slot, struct sweep *s)
{
	struct rp_live *l = live_slot(slot);
	struct sock *sk;

	if (!l || l->state == LIVE_FREE || l->state == LIVE_ENDING)
		return 0;
	sk = (struct sock *)l->sk;
	if (l->state == LIVE_AFTER && works_on(l, s->now) && !(s->args->flags & RP_SWEEP_CUT))
		return 0;
	if (l->state == LIVE_AFTER || s->args->flags & RP_SWEEP_CUT || (cfg.max_time_ns && s->now - l->begin_ns > cfg.max_time_ns))
		live_end(l, slot, s->now, RP_END_CUT_OFF);
	else if (sk && (__u64)BPF_CORE_READ(sk, sk_socket) != l->socket) /* closed; Unix sockets fire no event for that */
		live_end(l, slot, l->last_write_ns, l->status ? RP_END_INFERRED : RP_END_CUT_OFF);
	else
		return 0;
	s->args->ended++;
	return 0;
}

SEC("syscall")
int sweep(struct rp_sweep *args)
{
	struct sweep s = {.args = args, .now = bpf_ktime_get_ns()};

	args->ended = 0;
	bpf_loop(RP_MAX_LIVE, sweep_slot, &s, 0);
	args->live = live_requests;
	return 0;
}
