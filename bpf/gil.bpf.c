// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * CPython's global interpreter lock: who waits for it, who holds it. A wait is one for the GIL if its futex lies inside the lock's structure
 * (Python/ceval_gil.c: its mutexes and condition variables are members), whatever functions are on the stack.
 */
#include "context_python.bpf.h"

#define NR_futex 202

/* Switches only, with interrupts off. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct python_scratch);
} gil_scratch SEC(".maps");

/* Address of the lock that a thread state takes, 0 = there is none. */
static __always_inline __u64 gil_of(const struct rp_python *py, __u64 state)
{
	__u64 interpreter;

	if (py->flags & RP_PYTHON_FREE_THREADED)
		return 0;
	if (py->runtime_gil != RP_PYTHON_NONE)
		return py->runtime + py->runtime_gil;
	interpreter = python_pointer(state + py->thread_interpreter);
	return interpreter ? python_pointer(interpreter + py->interpreter_gil) : 0;
}

/* The thread state that holds a lock, or held it last. */
static __always_inline __u64 holder_of(const struct rp_python *py, __u64 gil)
{
	return python_pointer(gil + py->gil_holder);
}

static __always_inline void describe_holder(const struct rp_python *py, __u64 holder, __u32 pid, struct rp_gil_holder *ret)
{
	__u64 frame = python_top_frame(py, holder);
	struct python_scratch *s;
	struct python_frame f;
	__u64 context = python_context(py, holder);
	struct task_context *c;
	struct rp_live *l;
	__u32 zero = 0;

	*ret = (struct rp_gil_holder){};
	if (py->thread_native_id != RP_PYTHON_NONE)
		ret->tid = python_pointer(holder + py->thread_native_id);
	c = context_of(pid, context, &l);
	if (c && is_entered(context) && !is_unclaimed(c->state))
		ret->request = l->serial;
	s = bpf_map_lookup_elem(&gil_scratch, &zero);
	for (int i = 0; s && i < 2 && frame; i++) {
		if (python_read_frame(py, frame, s, &f))
			break;
		ret->frame = f.out;
		if (!f.is_shim)
			break;
		frame = f.previous;
	}
	stack_send_code(pid, ret->frame.code, ret->frame.check);
}

int gil_awaited(struct rp_gil_holder *ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	const struct rp_python *py = python_of(task->tgid);
	struct rp_thread *t;
	__u64 state, gil, holder;

	if (!ret || !py || BPF_CORE_READ(regs, orig_ax) != NR_futex)
		return 0;
	t = bpf_task_storage_get(&threads, task, 0, 0);
	state = python_thread_state(py, task, t ? &t->python_state : NULL);
	gil = state ? gil_of(py, state) : 0;
	if (!gil || BPF_CORE_READ(regs, di) - gil >= py->gil_size)
		return 0;
	/* It goes to sleep because it has seen the lock taken: also if that is over by now it was the last holder who had it. */
	holder = holder_of(py, gil);
	if (holder == state)
		holder = 0;
	describe_holder(py, holder, task->tgid, ret);
	return 1;
}

int gil_wait(__u32 worker)
{
	struct rp_worker *w = bpf_map_lookup_elem(&workers, &worker);

	if (!w || w->wait.nr != NR_futex || !gil_awaited((struct rp_gil_holder *)w->wait.object.data))
		return 0;
	w->wait.h.flags |= RP_WAIT_GIL;
	w->wait.object.kind = RP_OBJECT_GIL;
	w->wait.object.len = sizeof(struct rp_gil_holder);
	return 1;
}

int gil_held(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rp_python *py = python_of(task->tgid);
	struct rp_thread *t;
	__u64 state, gil;

	if (!py)
		return 0;
	t = bpf_task_storage_get(&threads, task, 0, 0);
	state = python_thread_state(py, task, t ? &t->python_state : NULL);
	gil = state ? gil_of(py, state) : 0;
	return gil && holder_of(py, gil) == state && (__u32)python_pointer(gil + py->gil_locked) == 1;
}
