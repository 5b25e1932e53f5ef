/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Slices: when a thread came to its CPU, and what it had of it since.
 *
 * kernel/sched/sched.h, struct rq: its clock is the scheduler's, brought up to date before every switch. Where CONFIG_PARAVIRT_TIME_ACCOUNTING is on,
 * update_rq_clock_task() takes what the hypervisor has stolen since it ran last out of what the thread's CPU clock counts: always before a switch,
 * and within a slice at the scheduler's ticks.
 */
#ifndef REQPROF_SLICE_BPF_H
#define REQPROF_SLICE_BPF_H

#include "request.bpf.h"

/* Of the CPU that the task runs on or did last, NULL = the kernel has no group scheduling. */
static __always_inline struct rq *run_queue_of(struct task_struct *task)
{
	return bpf_core_field_exists(task->se.cfs_rq->rq) ? BPF_CORE_READ(task, se.cfs_rq, rq) : NULL;
}

extern const volatile __s64 steal_clock;        /* maps.bpf.c: from a run queue to the hypervisor's own count for its CPU, 0 = not known */

/* By the hypervisor's count, or as far as the run queue has been told. 0 of none: what cannot be read is. */
static __always_inline __u64 stolen_until_now(struct rq *rq)
{
	__u64 stolen = 0;

	if (!bpf_core_field_exists(rq->prev_steal_time_rq))
		return 0;
	if (rq && steal_clock)
		bpf_probe_read_kernel(&stolen, sizeof stolen, (void *)rq + steal_clock);
	return stolen ?: BPF_CORE_READ(rq, prev_steal_time_rq);
}

/*
 * By how much our clock is ahead of the run queues', at least; measured at switches, the last time at run_queue_clock_ns. What is woken up and
 * preempts has the next switch reuse the wake-up's reading of the clock (wakeup_preempt()), so that this is behind by tens of µs of interrupts now
 * and then, and by as long as a hypervisor had the CPU. All CPUs have one clock where sched_clock() is stable; else little else is exact, either.
 */
extern __u64 run_queue_ahead, run_queue_clock_ns;       /* maps.bpf.c */

#define CLOCK_DRIFT_SHIFT 14            /* ppm that the two may differ by: 61 */
#define CLOCK_BEHIND_MAX_NS 1000000ULL  /* more is no interrupts' */

/* When a switch from `prev` is for the scheduler, and so for the threads' CPU clocks; not after `now`. */
static __always_inline __u64 switch_time(struct task_struct *prev, __u64 now)
{
	__u64 clock = BPF_CORE_READ(run_queue_of(prev), clock), ahead = now - clock, least;

	if (!clock)
		return now;
	least = run_queue_ahead + ((now - run_queue_clock_ns) >> CLOCK_DRIFT_SHIFT);
	if ((__s64)(ahead - least) < 0 || !run_queue_clock_ns)
		least = ahead;
	run_queue_ahead = least;
	run_queue_clock_ns = now;
	return ahead - least < CLOCK_BEHIND_MAX_NS ? now - (ahead - least) : now;
}

/* `task` is on its CPU from t on. */
static __always_inline void slice_begin(struct rp_worker *w, struct task_struct *task, __u64 t)
{
	struct rq *rq = run_queue_of(task);

	w->run_since = t;
	w->run_queue = (__u64)rq;
	w->stolen_before = stolen_until_now(rq);
	w->clock_before = 0;
}

/* The same where it comes to the CPU after a wait. */
static __always_inline void slice_come(struct rp_worker *w, struct task_struct *task, __u64 t)
{
	slice_begin(w, task, t);
	w->clock_before = w->clock_out;
}

/* What the slice that is open has been until t. */
static __always_inline __u64 slice_ns(const struct rp_worker *w, __u64 t)
{
	return w->run_since && t > w->run_since ? t - w->run_since : 0;
}

/* What was stolen of it by then for sure: of what has been since it began, all may have been after t. */
static __always_inline __u64 slice_stolen_ns(const struct rp_worker *w, __u64 t, __u64 now)
{
	__u64 stolen = stolen_until_now((void *)w->run_queue) - w->stolen_before, after = now > t ? now - t : 0;

	return stolen > after ? stolen - after : 0;
}

/* It ends at t, before now. */
static __always_inline void slice_end(struct rp_worker *w, __u64 t, __u64 now)
{
	w->cpu_ns += slice_ns(w, t);
	w->stolen_ns += slice_stolen_ns(w, t, now);
	w->run_since = w->run_queue = w->stolen_before = 0;
}

#define CLOCKS_AGREE_NS 50000

struct rq___interrupts {
	__u64 prev_irq_time;
} __attribute__((preserve_access_index));

/*
 * The thread leaves the CPU at t. Its CPU clock, which is up to date now, has not counted what was stolen, but for what the run queue was told of too
 * late to take it out in full. (With CONFIG_IRQ_TIME_ACCOUNTING it does not count interrupts, either.)
 */
static __always_inline void slice_leave(struct rp_worker *w, struct task_struct *task, __u64 t)
{
	__u64 ns = slice_ns(w, t), stolen = slice_stolen_ns(w, t, t), clock = BPF_CORE_READ(task, se.sum_exec_runtime);
	struct rq___interrupts *rq = NULL;

	if (w->run_since && w->clock_before && !bpf_core_field_exists(rq->prev_irq_time)) {
		__u64 ran = clock - w->clock_before;

		stolen = ran + CLOCKS_AGREE_NS < ns ? ns - ran : 0;
	}
	w->cpu_ns += ns;
	w->stolen_ns += stolen;
	w->clock_out = clock;
	w->run_since = w->run_queue = w->stolen_before = 0;
}

/*
 * When did the current thread come to the CPU, that left at out_ns? Some switches from a task to another one fire no tracepoint (on 6.18: those of
 * a virtual machine's init), so a thread that is on the CPU may not have been seen to come there. The kernel notes when it did. 0 = not known.
 */
static __always_inline __u64 came_unseen(struct task_struct *task, __u64 out_ns)
{
	__u64 t, now = bpf_ktime_get_ns();

	if (!run_queue_clock_ns || !bpf_core_field_exists(task->sched_info.last_arrival))
		return 0;
	t = BPF_CORE_READ(task, sched_info.last_arrival) + run_queue_ahead;
	if (t <= out_ns || t > now + CLOCK_BEHIND_MAX_NS)
		return 0; /* not since then: it leaves just now */
	return t > now ? now : t;
}

/* The account of a worker at t, for its request or another one of its group: to be sent. NULL: there was no room (counted). */
static __always_inline struct rp_release *release_new(const struct rp_worker *w, __u32 serial, __u64 t, __u32 why)
{
	struct rp_release *e = event_new(RP_EV_RELEASE, sizeof *e, t, serial, bpf_get_current_task_btf());

	if (!e)
		return NULL;
	e->h.flags = why;
	e->h.task = w->task;
	e->h.pid = w->pid;
	e->h.tid = w->tid;
	e->worker = w->index;
	e->waits = w->seq;
	e->cpu_ns = w->cpu_ns + slice_ns(w, t);
	e->stolen_ns = w->stolen_ns + slice_stolen_ns(w, t, bpf_ktime_get_ns());
	return e;
}

#endif
