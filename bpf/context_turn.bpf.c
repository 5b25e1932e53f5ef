// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Event loops in C: one thread serves many requests, each by callbacks that have the request as argument. Such a function is a turn of its request:
 * from its entry to its return the thread works for it. Returns are probed only where somebody is recorded: that a request's begin is over is seen
 * when the thread turns to another one, or by its stack. Go: a thread turns to a goroutine when its scheduler executes it, and from it when it
 * schedules another one.
 */
#include "context_python.bpf.h"
#include "handler.bpf.h"

#define SOCKET_NO_SPACE 2       /* include/linux/net.h: SOCK_NOSPACE */

static __always_inline struct rp_live *live_of_turn(live_ref ref, __u32 *ret_slot)
{
	struct rp_live *l;

	*ret_slot = (__u32)ref - 1;
	l = ref ? live_slot(*ret_slot) : NULL;
	return l && l->serial == ref >> 32 && l->state == LIVE_BEGUN ? l : NULL;
}

static __always_inline void send_runs(struct rp_worker *w, struct task_struct *task, __u64 now)
{
	struct rp_live *l = live_slot(w->slot);

	w->task = TURN_TASK;
	if (l && event_allowed(l))
		event_tell(RP_EV_TASK_RUNS, now, w->serial, task, 0, TURN_TASK);
}

/* Does its client keep it from sending more? */
static __always_inline int is_full(const struct rp_live *l)
{
	struct sock *sk = (struct sock *)l->sk;

	return sk && BPF_CORE_READ(sk, sk_socket, flags) >> SOCKET_NO_SPACE & 1;
}

static __always_inline void send_waits(const struct rp_worker *w, struct task_struct *task, __u64 now)
{
	struct rp_live *l = live_slot(w->slot);
	int full = l && is_full(l);
	struct rp_task_wait *e;

	e = l && event_allowed(l) ? event_new(RP_EV_TASK_WAITS, sizeof *e, now, w->serial, task) : NULL;
	if (!e)
		return;
	e->h.flags = RP_TASK_SUSPENDED | RP_TASK_EVENTS | (full ? RP_TASK_CLIENT : 0);
	e->h.task = TURN_TASK;
	event_made(e);
}

/* The turn is over, or another one has begun inside of it. */
static __always_inline void pause(struct rp_thread *t, struct task_struct *task, __u64 now)
{
	struct rp_worker *w = worker_of(task);
	struct rp_live *l = w ? live_slot(w->slot) : NULL;

	t->turn = 0;
	t->turn_sp = t->turn_return = 0;
	if (!l || !w->contextual)
		return;
	worker_came(w, l);
	send_waits(w, task, now);
	worker_pause(w, t, now);
}

static __always_inline void resume(struct rp_thread *t, struct task_struct *task, live_ref ref, __u64 now)
{
	struct rp_worker *w;
	struct rp_live *l;
	__u32 slot;

	l = live_of_turn(ref, &slot);
	if (!l)
		return;
	if (!worker_resume(l, slot, t, now) && worker_bind(l, slot, now, 2))
		return;
	w = worker_of(task);
	if (!w)
		return;
	t->turn = ref;
	send_runs(w, task, now);
	sampling_ask(now);
}

int turn_begun(live_ref ref, __u64 sp, __u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);
	struct rp_worker *w = worker_of(task);
	struct rp_live *l;
	struct rp_task *e;
	__u32 slot;

	l = live_of_turn(ref, &slot);
	if (!l || !t)
		return 0;
	l->contexts = 1;
	e = event_new(RP_EV_TASK, sizeof *e, now, l->serial, task);
	if (e) {
		e->h.task = TURN_TASK;
		e->coroutine.instr = RP_PYTHON_NO_INSTR;
		event_made(e);
	}
	if (!w || w->serial != l->serial)
		return 0;
	t->turn = ref;
	t->turn_sp = sp;
	t->turn_return = 0;
	if (sp)
		bpf_probe_read_user(&t->turn_return, sizeof t->turn_return, (void *)sp);
	send_runs(w, task, now);
	return 0;
}

__u64 turn_around(const struct rp_handler *h, __u64 sp)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);

	if (!h || !(h->flags & RP_HANDLER_INSIDE) || !t || t->around_sp < sp || is_left(task, t->around_sp, t->around_return))
		return sp;
	return t->around_sp;
}

int turn_over(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);

	if (t && t->turn)
		pause(t, task, now);
	return 0;
}

int turn_check(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);

	if (t && t->turn_return && is_left(task, t->turn_sp, t->turn_return))
		pause(t, task, now);
	return 0;
}

int turn_is_left(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);

	return t && t->turn_return && is_left(task, t->turn_sp, t->turn_return);
}

/* ---- turns ------------------------------------------------------------------------------------------------------------ */

/* The request at hand, as its handler knows it; 0 = none. */
static __always_inline __u64 turn_id(const struct rp_handler *h, const struct handler_values *v)
{
	__u64 request, id;
	__u32 signature;

	for (int i = 0; i < RP_TURN_PATHS; i++) {
		if (!h->turn[i].base || handler_value(&h->turn[i], v, &request))
			continue;
		if (!h->signature)
			return request;
		if (bpf_probe_read_user(&signature, sizeof signature, (void *)request) || signature != h->signature)
			continue;
		if (!bpf_probe_read_user(&id, sizeof id, (void *)(request + (__s64)h->turn_id)))
			return id;
	}
	return 0;
}

static __always_inline live_ref request_at_hand(const struct rp_handler *h, struct pt_regs *regs)
{
	struct handler_values v;
	struct open_call_key key;
	struct open_call *c;

	handler_values(&v, h, regs);
	open_call_key(&key, turn_id(h, &v));
	c = key.id ? bpf_map_lookup_elem(&open_calls, &key) : NULL;
	return c ? c->ref : 0;
}

static __always_inline void go_inside(struct rp_thread *t, struct pt_regs *regs)
{
	t->around_sp = regs->sp;
	bpf_probe_read_user(&t->around_return, sizeof t->around_return, (void *)regs->sp);
}

/* 1: its return does not matter. */
static __always_inline int turn_entry(struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rp_handler *h = handler_of(regs);
	struct rp_thread *t;
	live_ref ref;
	__u64 now;

	if (!h || (!live_requests && !(h->flags & RP_HANDLER_INSIDE)))
		return 1;
	t = bpf_task_storage_get(&threads, task, 0, h->flags & RP_HANDLER_INSIDE ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	if (!t)
		return 1;
	if (h->flags & RP_HANDLER_INSIDE)
		go_inside(t, regs);
	if (!live_requests)
		return 1;
	ref = request_at_hand(h, regs);
	/* It goes on where its begin has ended and nobody has noticed yet. */
	if (ref == t->turn && (!t->turn_return || !is_left(task, t->turn_sp, t->turn_return)))
		return 1;
	now = bpf_ktime_get_ns();
	if (ref != t->turn) {
		if (t->turn)
			pause(t, task, now);
		if (ref)
			resume(t, task, ref, now);
	}
	if (!t->turn || h->flags & RP_HANDLER_GO)
		return 1;
	t->turn_sp = regs->sp;
	t->turn_return = 0;
	return 0;
}

/* Functions that it has called return below, or at, where it has begun. */
static __always_inline int turn_return(struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);

	if (t && t->turn && (!t->turn_sp || regs->sp > t->turn_sp))
		pause(t, task, bpf_ktime_get_ns());
	return 0;
}

SEC("?uprobe")
int on_turn(struct pt_regs *regs)
{
	return session_returns(regs) ? turn_return(regs) : turn_entry(regs);
}

/* The same for kernels that cannot do that (before 6.13), and where the end is another function's entry. */
SEC("?uprobe")
int on_turn_entry(struct pt_regs *regs)
{
	turn_entry(regs);
	return 0;
}

SEC("?uprobe")
int on_turn_return(struct pt_regs *regs)
{
	return turn_return(regs);
}
