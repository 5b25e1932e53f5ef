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

/* 0 of none: what cannot be read is. */
static __always_inline __u64 stolen_until_now(struct rq *rq)
{
	return bpf_core_field_exists(rq->prev_steal_time_rq) ? BPF_CORE_READ(rq, prev_steal_time_rq) : 0;
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

/* What the slice that is open has been until t. */
static __always_inline __u64 slice_ns(const struct rp_worker *w, __u64 t)
{
	return w->run_since && t > w->run_since ? t - w->run_since : 0;
}

static __always_inline __u64 slice_stolen_ns(const struct rp_worker *w)
{
	return stolen_until_now((void *)w->run_queue) - w->stolen_before;
}

/*
 * The current thread is taken off the CPU at t: since when has it not run? If what was woken up preempts it, since then (wakeup_preempt() has the
 * next switch reuse its reading of the clock): the interrupts that go on for tens of µs are not on the thread's clock. This is up to date at a
 * switch.
 */
static __always_inline __u64 ran_until(const struct rp_worker *w, struct task_struct *task, __u64 t)
{
	__u64 ran = task->se.sum_exec_runtime - w->clock_before + slice_stolen_ns(w);

	return w->clock_before && ran < slice_ns(w, t) ? w->run_since + ran : t;
}

static __always_inline void slice_end(struct rp_worker *w, __u64 t)
{
	w->cpu_ns += slice_ns(w, t);
	w->stolen_ns += slice_stolen_ns(w);
	w->run_since = w->run_queue = w->stolen_before = 0;
}

/*
 * Some switches from a task to another one fire no tracepoint (seen on 6.18: those of a virtual machine's init), so a thread that is on the CPU may
 * not have been seen to come there. The kernel notes when it did, by the run queue's clock, which is compared with ours when the thread leaves.
 */
static __always_inline __u64 run_queue_behind(struct task_struct *task, __u64 now)
{
	return now - BPF_CORE_READ(run_queue_of(task), clock);
}

/* When did the current thread come to the CPU, that left at out_ns? 0 = not known. */
static __always_inline __u64 came_unseen(struct task_struct *task, __u64 out_ns, __u64 run_queue_behind)
{
	__u64 t = 0;

	if (bpf_core_field_exists(task->sched_info.last_arrival))
		t = BPF_CORE_READ(task, sched_info.last_arrival) + run_queue_behind;
	return t > out_ns && t <= bpf_ktime_get_ns() ? t : 0;
}

#endif
