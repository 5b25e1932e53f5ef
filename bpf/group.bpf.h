/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A group of requests that one thread serves at the same time, and for which what its tasks do is recorded once (context_claim.bpf.c). It has a slot
 * behind those of requests, with workers of its own, and a serial with RP_GROUP; it lasts as long as one of its requests does.
 */
#ifndef REQPROF_GROUP_BPF_H
#define REQPROF_GROUP_BPF_H

#include "slice.bpf.h"

extern __u32 last_group;

static __always_inline int group_found(struct rp_live *g, const struct rp_live *l)
{
	if (__sync_val_compare_and_swap(&g->state, LIVE_FREE, LIVE_TAKEN) != LIVE_FREE)
		return 0;
	g->reader = l->reader;
	g->pid = l->pid;
	g->begin_ns = l->begin_ns;
	g->work = l->work;
	g->n_workers = g->numbers = 0;
	g->events = g->capped = g->lost_ticks = g->lost_waits = g->ticks = g->switches = 0;
	g->sk = g->loop_ok_ns = 0;
	g->told = g->contextual = g->collects = 1;
	g->serial = RP_GROUP | (__sync_fetch_and_add(&last_group, 1) + 1);
	g->members = g->open = 1;
	__sync_fetch_and_add(&groups, 1);
	g->state = LIVE_BEGUN;
	return 1;
}

/* A request ends, and leaves its group. */
struct leaving {
	struct rp_live *l, *group;
	__u64 now;
	__u32 slot;             /* of the request, then of the group */
	__u32 last;             /* nobody else is left in that */
};

/* The account of a thread up to now, for that request. */
static long leave_worker(__u32 n, struct leaving *x)
{
	__u32 key = x->slot * RP_MAX_WORKERS + n;
	struct rp_release *e;
	struct rp_worker *w;

	if (n >= x->group->n_workers)
		return 1;
	w = bpf_map_lookup_elem(&workers, &key);
	if (!w || w->serial != x->group->serial)
		return 0;
	e = release_new(w, x->l->serial, x->now, RP_RELEASE_END);
	if (e) {
		if (w->waiting) {
			e->h.t = w->wait.out_ns; /* nobody knows what it waits for from then on */
			e->h.task = w->wait.h.task;
		}
		if (!e->h.task)
			e->h.task = RP_TASK_NOBODYS;
		event_made(e);
	}
	if (x->last)
		w->serial = 0;
	return 0;
}

static __always_inline void group_end(struct rp_live *g, __u64 now)
{
	event_tell(RP_EV_GROUP_END, now, g->serial, bpf_get_current_task_btf(), 0, 0);
	__sync_fetch_and_add(&groups, -1);
	g->state = LIVE_FREE;
}

/* What the group has lost each of its requests has, even if that was before it joined. */
static __always_inline void add_losses(struct rp_live *l, const struct rp_live *g)
{
	l->capped += g->capped;
	l->lost_ticks += g->lost_ticks;
	l->lost_waits += g->lost_waits;
	l->ticks += g->ticks - l->group_ticks;
	l->switches += g->switches - l->group_switches;
	if (g->n_workers > RP_MAX_WORKERS)
		l->n_workers = (l->n_workers > RP_MAX_WORKERS ? l->n_workers : RP_MAX_WORKERS) + g->n_workers - RP_MAX_WORKERS;
}

static __always_inline void group_drop(struct rp_live *g, __u64 now)
{
	__sync_fetch_and_add(&g->open, -1);
	if (__sync_fetch_and_add(&g->members, -1) == 1)
		group_end(g, now);
}

static __always_inline int is_group_for(const struct rp_live *g, const struct rp_live *l)
{
	return g->state == LIVE_BEGUN && g->reader == l->reader && g->pid == l->pid;
}

static __always_inline int group_join(struct rp_live *g, const struct rp_live *l)
{
	__s32 n;

	for (int i = 0; i < 4; i++) {
		n = g->members;
		if (n <= 0 || !is_group_for(g, l))
			return 0;
		if (__sync_val_compare_and_swap(&g->members, n, n + 1) != n)
			continue;
		__sync_fetch_and_add(&g->open, 1);
		if (is_group_for(g, l))
			return 1;
		group_drop(g, bpf_ktime_get_ns()); /* it has ended, and is one for others by now */
		return 0;
	}
	return 0;
}

/* A request that ended before it was known to have joined: nobody has worked for it. */
static __always_inline void group_quit(struct rp_live *g, struct rp_live *l, __u64 now)
{
	if (__sync_val_compare_and_swap(&l->group, g->serial, 0) != g->serial)
		return;
	group_drop(g, now);
}

/* A request ends: it gets its share, before the event of its end. */
static __always_inline void group_leave(struct leaving *x)
{
	struct rp_live *l = x->l, *g;

	x->slot = group_slot(l->reader);
	x->group = g = l->group ? live_slot(x->slot) : NULL;
	if (!g || g->serial != l->group)
		return;
	if (__sync_val_compare_and_swap(&l->group, g->serial, 0) != g->serial)
		return;
	settle_group(l, g);
	add_losses(l, g);
	x->last = __sync_fetch_and_add(&g->members, -1) == 1;
	bpf_loop(RP_MAX_WORKERS, leave_worker, x, 0);
	if (x->last)
		group_end(g, x->now);
}

#endif
