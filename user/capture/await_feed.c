/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/await_feed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "capture/await_cause.h"

#define NS_PER_S 1e9
#define SLEEP_MAX 1e7   /* seconds: what is more is no number of seconds */
#define INT_3_11 1      /* PyLongObject: ob_size of one digit, Include/cpython/longintrepr.h */
#define INT_3_12 8      /* the same as lv_tag */

/* A socket that a task wrote to. */
struct peer_seen {
	uint64_t socket;
	uint32_t task;
	bool owed;              /* nothing was read from it since */
	bool awaited;           /* by the task, now */
	uint64_t t;             /* of the last write or read */
	const char *address;
};

/* Seconds as a Python float or small int; −1 = neither. */
static double seconds_of(const struct record_task_waits *w)
{
	double s;

	if (w->local == INT_3_11 || w->local == INT_3_12)
		return (uint32_t)w->local_2;
	memcpy(&s, &w->local, sizeof s);
	if (!w->local && w->local_type)
		return 0;
	return isnormal(s) && s > 1e-9 && s < SLEEP_MAX ? s : -1;
}

static void fill_timer(const struct record_task_waits *w, struct seen_await *a, char text[static 48])
{
	double s = seconds_of(w);

	if (s < 0)
		return;
	snprintf(text, 48, "asyncio.sleep(%g)", s);
	a->object = text;
	a->ready_ns = w->t + (uint64_t)(s * NS_PER_S);
}

/* The answer that the task can be waiting for: the last socket that it wrote to, if nothing came from there since. */
static struct peer_seen *owed_to(struct await_feed *f, uint32_t task)
{
	for (size_t i = f->n; i; i--)
		if (f->peers[i - 1].task == task && f->peers[i - 1].owed)
			return &f->peers[i - 1];
	return NULL;
}

/* The one that was written to or read from last. */
static struct peer_seen *last_of(struct await_feed *f, uint32_t task)
{
	struct peer_seen *last = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (f->peers[i].task == task && (!last || f->peers[i].t >= last->t))
			last = &f->peers[i];
	return last;
}

static void stop_awaiting(struct await_feed *f, uint32_t task)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->peers[i].task == task)
			f->peers[i].awaited = false;
}

static void await_peer(struct peer_seen *peer, struct seen_await *a)
{
	a->cause = TIME_network;
	a->object = peer->address;
	a->peer = false;
	peer->awaited = true;
}

/* No coroutine says what it waits for, but its sockets do. */
static void fill_events(struct await_feed *f, const struct record_task_waits *w, struct seen_await *a)
{
	struct peer_seen *peer = owed_to(f, w->task);

	if (!peer)
		peer = last_of(f, w->task);
	if (w->client) {
		a->cause = TIME_network;
		a->object = f->profile->request.remote;
	} else if (peer) {
		await_peer(peer, a);
	} else {
		a->cause = TIME_other_wait;
		a->object = "event";
	}
}

void await_feed_waits(struct await_feed *f, const struct record_task_waits *w, int32_t stack)
{
	struct seen_await a = {.t = w->t, .task = w->task, .stack = stack, .finished = w->finished, .uncertain = !w->suspended};
	struct peer_seen *peer;
	struct await_cause is;
	char text[48];

	stop_awaiting(f, w->task);
	if (w->events) {
		fill_events(f, w, &a);
		builder_task_waits(f->builder, &a);
		return;
	}
	await_cause(f->profile, stack, &is);
	a.cause = is.cause;
	a.object = is.object;
	if (is.timer)
		fill_timer(w, &a, text);
	if (is.client)
		a.object = f->profile->request.remote;
	a.peer = is.peer;
	peer = is.peer ? owed_to(f, w->task) : NULL;
	if (peer)
		await_peer(peer, &a);
	builder_task_waits(f->builder, &a);
}

static struct peer_seen *find(struct await_feed *f, const struct record_peer *r)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->peers[i].socket == r->socket && f->peers[i].task == r->task)
			return &f->peers[i];
	return NULL;
}

void await_feed_peer(struct await_feed *f, const struct record_peer *r)
{
	struct peer_seen *p = find(f, r);

	if (!p && r->address) {
		GROW(f->peers, f->n, f->cap);
		p = &f->peers[f->n++];
		*p = (struct peer_seen){.socket = r->socket, .task = r->task, .address = r->address};
	}
	if (!p)
		return;
	p->owed = r->address;
	p->t = r->t;
	if (r->address && builder_task_peer(f->builder, r->task, r->address))
		p->awaited = true; /* what some loops write when the task is done already */
	if (!r->address && p->awaited)
		builder_task_ready(f->builder, r->task, r->t);
}

void await_feed_fini(struct await_feed *f)
{
	free(f->peers);
}
