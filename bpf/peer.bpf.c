// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whom a task talks to: the sockets that it has written to, other than that of its request, and when an answer came. On an event loop no system call
 * waits for it.
 */
#include "context_python.bpf.h"

#define PEERS_MAX 4096

struct peer {
	__u32 slot;             /* of the request whose task wrote to the socket last */
	__u32 serial;
	__u32 task;
	__u32 pad;
	__u64 ready_ns;         /* when bytes came that nobody has read, 0 = there are none */
};

/* By address of the struct sock, which another one may get: its bytes would be read by another thread of control then, and are of no use there. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PEERS_MAX);
	__type(key, __u64);
	__type(value, struct peer);
} peers SEC(".maps");

static __always_inline struct rp_live *live_of_peer(const struct peer *p)
{
	struct rp_live *l = live_slot(p->slot);

	return l && l->serial == p->serial && l->state == LIVE_BEGUN ? l : NULL;
}

struct late {
	struct look *k;
	struct task_context *found;
	__u32 pid;
	__u32 n;
};

static long late_step(__u32 i, struct late *s)
{
	struct rp_live *l;
	struct task_context *c = context_of(s->pid, s->k->thread->recent[i & (RP_RECENT - 1)], &l);

	if (!c || !c->coroutine || c->state == TASK_UNCLAIMED)
		return 0;
	s->found = c;
	s->k->live = l;
	s->n++;
	return 0;
}

/* uvloop, up to 0.17, writes what tasks have given it when they are done, outside of any coroutine. Where only one request is in flight, and one
 * task of it, it is known whose that is. Tasks that were there before it may be its, too, but are the server's own more often. */
static __always_inline struct task_context *late_writer(struct look *k, __u32 pid)
{
	struct late s = {.k = k, .pid = pid};

	if (!is_lone(k->thread))
		return NULL;
	bpf_loop(RP_RECENT, late_step, &s, 0);
	return s.n == 1 && !stack_coroutine() ? s.found : NULL;
}

/* Of a request among many in an event loop: the one whose turn it is. Its client is not among those that it talks to. */
static __always_inline int is_turn(struct look *k, struct task_struct *task, __u64 sk, __u32 *ret_slot)
{
	struct rp_worker *w = worker_of(task);

	k->live = w && w->task ? live_slot(w->slot) : NULL;
	*ret_slot = w ? w->slot : 0;
	return k->live && k->live->work == WORK_TURN && k->live->sk != sk && !turn_is_left(); /* it may be over and nobody has noticed yet */
}

static __always_inline void send_peer(struct task_struct *task, const struct peer *p, __u64 sk, __u64 now)
{
	struct rp_peer *e;

	if (bpf_map_update_elem(&peers, &sk, p, BPF_ANY))
		return;
	e = event_new(RP_EV_PEER, sizeof *e, now, p->serial, task);
	if (!e)
		return;
	e->h.task = p->task;
	e->socket = sk;
	socket_address(sk, 1, &e->address);
	event_made(e);
}

int peer_sent(__u64 sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_ns();
	struct task_context *c;
	struct peer p = {};
	struct look k;

	if (look_at_known(&k, task)) {
		if (!is_turn(&k, task, sk, &p.slot) || !event_allowed(k.live))
			return 0;
		p.serial = k.live->serial;
		p.task = TURN_TASK;
		send_peer(task, &p, sk, now);
		return 0;
	}
	c = k.known ?: late_writer(&k, task->tgid);
	if (!c || !event_allowed(k.live))
		return 0;
	if (k.known) {
		k.thread->busy = 1;
		look(&k, now);
		k.thread->busy = 0;
	}
	p.slot = c->slot;
	p.serial = k.live->serial;
	p.task = c->task;
	send_peer(task, &p, sk, now);
	return 0;
}

int peer_ready(__u64 sk)
{
	struct peer *p = bpf_map_lookup_elem(&peers, &sk);

	if (p && !p->ready_ns)
		p->ready_ns = bpf_ktime_get_ns();
	return 0;
}

int peer_received(__u64 sk)
{
	struct peer *p = bpf_map_lookup_elem(&peers, &sk);
	struct rp_live *l = p ? live_of_peer(p) : NULL;
	struct rp_peer_data *e;
	__u64 ready_ns;

	if (!l)
		return 0;
	ready_ns = p->ready_ns;
	p->ready_ns = 0;
	e = event_allowed(l) ? event_new(RP_EV_PEER_DATA, sizeof *e, bpf_ktime_get_ns(), p->serial, bpf_get_current_task_btf()) : NULL;
	if (!e)
		return 0;
	e->h.task = p->task;
	e->socket = sk;
	e->ready_ns = ready_ns;
	event_made(e);
	return 0;
}
