// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which thread works for a marked request.
 *
 * Binding by itself is rung 1 of the ladder only: the thread that read the request, if it had no other unfinished one, until it reads another or
 * returns to an event wait; and the threads that a bound thread creates. What else is bound a runtime's own ids tell (context_*.bpf.c); everything
 * else stays unbound: a missing frame, never a wrong one. Rung 4, who wakes whom, is not used: among several requests it is wrong in all pools
 * whose threads share a queue.
 */
#include "slice.bpf.h"

static __always_inline struct rp_worker *worker_new(struct rp_live *l, __u32 slot, __u32 *ret_key)
{
	__u32 n = __sync_fetch_and_add(&l->n_workers, 1);

	if (n >= RP_MAX_WORKERS) {
		COUNT(workers_full);
		return NULL;
	}
	*ret_key = slot * RP_MAX_WORKERS + n;
	return bpf_map_lookup_elem(&workers, ret_key);
}

static __always_inline void send_bind(struct rp_worker *w, struct task_struct *task, __u64 now, __u32 how)
{
	struct rp_bind *e = event_new(RP_EV_BIND, sizeof *e, now, w->serial, task);

	if (!e)
		return;
	e->h.flags = how & BIND_CLONED ? RP_BIND_CLONED : 0;
	e->bound = how & ~BIND_CLONED;
	e->worker = w->index;
	bpf_probe_read_kernel_str(e->comm, sizeof e->comm, task->comm);
	event_made(e);
}

static __always_inline int bind(struct rp_live *l, __u32 slot, struct task_struct *task, __u64 now, __u32 how)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	int cloned = how & BIND_CLONED;
	struct rp_worker *w;
	__u32 key;

	if (!t) {
		COUNT(storage_failed);
		return -1;
	}
	w = worker_new(l, slot, &key);
	if (!w)
		return -1;
	w->slot = slot;
	w->index = key - slot * RP_MAX_WORKERS + (is_group(slot) ? RP_MAX_WORKERS : 0);
	w->reader = !cloned;
	if (cloned)
		w->run_since = w->run_queue = w->stolen_before = 0;
	else
		slice_begin(w, task, now);
	w->cpu_ns = w->stolen_ns = w->clock_out = 0;
	w->waited_ns = 0;
	w->last_tick_ns = 0;
	w->seq = 0;
	w->task = w->unclaimed = 0;
	w->contextual = !cloned && (how > 1 || l->work == WORK_CALL);
	w->wait.out_ns = 0;
	w->waiting = 0;
	w->pid = task->tgid;
	w->tid = task->pid;
	w->serial = l->serial;
	t->worker = key + 1;
	t->serial = l->serial;
	t->was_worker[was_worker_at(slot)] = key + 1;
	if (cloned) {
		wait_begin(w, task, now, 0);
		w->wait.h.flags = RP_WAIT_NEW | RP_WAIT_PREEMPTED;
		w->wait.woken_ns = now;
		w->wait.out_ns = now;
		w->waiting = 1;
	}
	send_bind(w, task, now, how);
	return 0;
}

int worker_bind(struct rp_live *l, __u32 slot, __u64 now, __u32 how)
{
	return l ? bind(l, slot, bpf_get_current_task_btf(), now, how) : -1;
}

__hidden int worker_bind_child(struct rp_live *l, __u32 slot, struct task_struct *child, __u64 now)
{
	return bind(l, slot, child, now, 1 | BIND_CLONED);
}

/* The programs that end waits are close to the verifier's limit of eight frames. */
static __always_inline __u64 wait_end(struct rp_worker *w, struct rp_live *l, __u64 t)
{
	struct rp_wait *wait = &w->wait;

	if (t < wait->out_ns)
		t = wait->out_ns;
	if (!__sync_lock_test_and_set(&w->waiting, 0))
		return t;
	wait->in_ns = t;
	wait->h.t = t;
	wait->seq = w->seq++;
	if (!event_allowed(l) || event_send(wait, sizeof *wait))
		__sync_fetch_and_add(&l->lost_waits, 1);
	w->waited_ns += t - wait->out_ns;
	wait->out_ns = 0;
	return t;
}

__hidden __u64 worker_wait_end(struct rp_worker *w, struct rp_live *l, __u64 t)
{
	return wait_end(w, l, t);
}

/* Its number is missing from what is sent: of the time until now a part was on the CPU, nobody knows which. */
static __always_inline void lose_wait(struct rp_worker *w, struct rp_live *l, struct task_struct *task)
{
	w->seq++;
	w->wait.out_ns = 0;
	slice_begin(w, task, bpf_ktime_get_ns());
	__sync_fetch_and_add(&l->lost_waits, 1);
}

/* A wake-up that was not seen, either, leaves no time to end the wait at. */
static __always_inline void came(struct rp_worker *w, struct rp_live *l, struct task_struct *task)
{
	__u64 t;

	if (!w->wait.out_ns || w->run_since)
		return;
	t = came_unseen(task, w->wait.out_ns);
	if (!t)
		t = w->wait.woken_ns;
	if (t)
		slice_come(w, task, wait_end(w, l, t));
	else if (__sync_lock_test_and_set(&w->waiting, 0))
		lose_wait(w, l, task);
}

int worker_came(struct rp_worker *w, struct rp_live *l)
{
	if (w && l)
		came(w, l, bpf_get_current_task_btf());
	return 0;
}

/* From t on the request's tasks tell what its thread does for it, or those that may be. */
static __always_inline void look_on(struct rp_live *l, struct task_struct *task, __u64 t)
{
	struct rp_thread *thread = bpf_task_storage_get(&threads, task, 0, 0);

	live_look(l);
	if (!thread)
		return;
	thread->seen = SEEN_WORK;
	thread->seen_ns = t;
}

int worker_release(struct rp_worker *w, struct rp_live *l, __u64 t, __u32 why)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_release *e;
	__u32 serial;

	if (!w)
		return 0;
	if (l)
		came(w, l, task);
	serial = w->serial;
	e = release_new(w, serial, t, why);
	if (e)
		event_made(e);
	else if (l)
		__sync_fetch_and_add(&l->lost_waits, 1);
	w->serial = 0;
	if (l && l->collects && l->serial == serial)
		look_on(l, task, t);
	return 0;
}

int worker_was_ready(struct rp_worker *w, struct rp_live *l, __u64 until)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 from;

	if (!w || !l)
		return 0;
	from = w->run_since;
	wait_begin(w, task, from, 0);
	w->wait.h.flags = RP_WAIT_PREEMPTED;
	w->wait.woken_ns = from;
	w->wait.out_ns = from;
	w->waiting = 1;
	slice_begin(w, task, wait_end(w, l, until));
	return 0;
}

int worker_pause(struct rp_worker *w, struct rp_thread *thread, __u64 t)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!w || !thread)
		return 0;
	if (t < w->run_since)
		t = w->run_since;
	slice_end(w, t, bpf_ktime_get_ns());
	wait_begin(w, task, t, 0);
	w->wait.h.flags = RP_WAIT_ELSEWHERE;
	w->wait.h.task = w->task;
	w->task = w->unclaimed = 0;
	w->wait.woken_ns = t;
	w->wait.out_ns = t;
	w->waiting = 1;
	thread->worker = 0;
	return 0;
}

int worker_resume(struct rp_live *l, __u32 slot, struct rp_thread *thread, __u64 t)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_worker *w;
	__u32 index, key;

	if (!l || !thread)
		return 0;
	index = thread->was_worker[was_worker_at(slot)];
	key = index - 1;
	w = bpf_map_lookup_elem(&workers, &key);
	if (!index || !w || w->serial != l->serial || w->slot != slot || w->tid != (__u32)task->pid)
		return 0;
	thread->worker = index;
	thread->serial = l->serial;
	slice_begin(w, task, wait_end(w, l, t));
	return 1;
}

/* If it returned it was at some time after loop_ok_ns. A socket with bytes to read stays on the ready list whether it did or not. */
int loop_returned(struct rp_worker *w, struct rp_live *l, __u64 now)
{
	struct sock *sk;

	if (!w || !l || !w->reader || !l->loop_ok_ns)
		return 0;
	sk = (struct sock *)l->sk;
	if (!BPF_CORE_READ(sk, sk_receive_queue.qlen) && epoll_state(l->sk) == EPOLL_QUEUED) {
		l->loop_ok_ns = now;
		return 0;
	}
	worker_release(w, l, l->loop_ok_ns, release_reason(l));
	return 1;
}
