// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Threads and processes come and go: who is followed, who works for a request, whose table of code holds for whom. */
#include "request.bpf.h"
#include "python.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} forks SEC(".maps");

static __always_inline void tell_fork(struct task_struct *parent, struct task_struct *child)
{
	struct rp_fork e = {.parent = parent->tgid, .child = child->tgid};

	if (handlers_used && bpf_ringbuf_output(&forks, &e, sizeof e, BPF_RB_FORCE_WAKEUP))
		COUNT(events_dropped);
}

/* A new process has its parent's code until it calls exec. */
static __always_inline void inherit_space(struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = parent->tgid, child_pid = child->tgid;
	struct rp_space *space = bpf_map_lookup_elem(&spaces, &pid), copy;

	if (!space)
		return;
	copy = *space;
	if (copy.pid != pid)
		return;
	copy.pid = child_pid;
	bpf_map_update_elem(&spaces, &child_pid, &copy, BPF_ANY); /* a full map: its first stack asks for a table */
}

/* Its interpreter, too, lies where its parent's does. */
static __always_inline void inherit_python(struct task_struct *parent, struct task_struct *child)
{
	__u32 child_pid = child->tgid;
	const struct rp_python *py = python_of(parent->tgid);

	if (py)
		bpf_map_update_elem(&pythons, &child_pid, py, BPF_ANY);
}

static __always_inline void drop_space(struct task_struct *task)
{
	__u32 pid = task->tgid;

	bpf_map_delete_elem(&spaces, &pid);
	bpf_map_delete_elem(&pythons, &pid);
}

/* Whom the parent works for, the child does, too, if it is known. */
static __always_inline void inherit_work(struct task_struct *parent, struct task_struct *child)
{
	__u64 now = bpf_ktime_get_ns();
	struct rp_worker *w;
	struct rp_live *l;

	if (contextual_requests)
		context_creates(now); /* it may have begun since it was looked at last */
	w = worker_of(parent);
	l = w && !w->unclaimed ? live_slot(w->slot) : NULL;
	if (l && l->work != WORK_TURN) /* else who works for it is told by its turns */
		worker_bind_child(l, w->slot, child, now);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{

	if (followed(parent)) {
		if (child->pid == child->tgid) {
			follow_child(parent, child);
			inherit_space(parent, child);
			inherit_python(parent, child);
			tell_fork(parent, child);
		}
		if (!bpf_task_storage_get(&threads, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
			COUNT(storage_failed);
	}
	if (live_requests)
		inherit_work(parent, child);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct rp_worker *w;

	if (handlers_used)
		handler_thread_ends(bpf_ktime_get_ns());
	w = live_requests ? worker_of(task) : NULL;
	if (w)
		worker_release(w, live_slot(w->slot), bpf_ktime_get_ns(), RP_RELEASE_EXIT);
	reader_orphan(task);
	if (BPF_CORE_READ(task, signal, live.counter) != 0) {
		if (task->pid == task->tgid)
			follow_leaderless(task);
		return 0;
	}
	if (followed_processes && task->pid == task->tgid)
		follow_exec(task); /* that was cut off */
	if (followed(task)) {
		unfollow(task);
		drop_space(task);
	}
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	if (followed_processes)
		follow_exec(task);
	if (live_requests && followed(task))
		event_tell(RP_EV_EXEC, bpf_ktime_get_ns(), 0, task, 0, 0);
	return 0;
}
