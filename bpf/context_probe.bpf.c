// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The probe of context copies, where its breakpoint is in a process only while a marked request is live there (user/tracer/breakpoints.h).
 *
 * The program that recognises a request asks for it; the arming thread of the CPU puts it in. It has real-time priority, so the kernel hands it the
 * CPU before it lets the thread that has read the request leave its system call: no copy is missed. That is not taken for granted: the thread must
 * have been taken off its CPU inside of that call, and the probe be there when it goes on. Else the request's tasks are not told apart, and counted.
 */
#include "context_python.bpf.h"

#define SAME_CALL_NS 150000     /* later it may be another call from the same place, for the same connection */

__u32 probe_states[RP_PROBES_MAX] = {};

int context_watch(__u64 now)
{
	const struct rp_python *py = python_of(bpf_get_current_pid_tgid() >> 32);

	/* live_requests was raised before, and is looked at after the state is set by who takes the probe out: one of the two sees the other. */
	if (py && !probe_is_in(py))
		probe_ask(py->probe, now);
	return 0;
}

/* Is the thread still in the call in which it has read the request? An interrupt, or a fault, would have left −1 for its number. */
static __always_inline int in_same_call(const struct rp_thread *t, struct task_struct *task, __u64 now)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	return (__s32)BPF_CORE_READ(regs, orig_ax) == t->seed_nr && BPF_CORE_READ(regs, ip) == t->seed_ip &&
	       BPF_CORE_READ(regs, di) == t->seed_argument && now - t->seed_ns < SAME_CALL_NS;
}

int seed_switch_out(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);

	if (!t || !t->seed || t->seed_state != SEED_WAITS)
		return 0;
	if (in_same_call(t, task, now))
		t->seed_state = SEED_INSIDE;
	else
		seed_late(t);
	return 0;
}

__hidden void seed_switch_in(struct task_struct *next, __u64 now)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, next, 0, 0);
	const struct rp_python *py;

	if (!t || t->seed_state != SEED_INSIDE)
		return;
	py = python_of(next->tgid);
	if (py && probe_is_in(py)) {
		t->seed_state = SEED_GOOD;
		return;
	}
	/* Another CPU was idle and has pulled it over, before the arming thread was done. */
	t->seed_state = SEED_WAITS;
	if (py)
		probe_ask(py->probe, now);
}
