/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Builds the profile of one request from what was seen of it: pure, no system calls. Times are CLOCK_MONOTONIC ns as the events have them;
 * stacks are already symbolized (indices of the profile's stack table).
 *
 * Feed it in the order of the events, then finish it once. A thread is on the CPU from its binding on (unless bound asleep) but for its waits.
 */
#ifndef REQPROF_BUILDER_H
#define REQPROF_BUILDER_H

#include "profile/profile.h"

struct builder;

/* Why a binding ended: what its thread does afterwards may be anybody's work (the first two); the thread ended; the request did; another binding
 * says what the thread did. */
enum released { RELEASED_EVENT_WAIT, RELEASED_OTHER_REQUEST, RELEASED_EXIT, RELEASED_END, RELEASED_CONTEXT };

/* The kernel side's account of a binding, up to its end at t. */
struct seen_release {
	uint64_t t;
	enum released why;
	bool others;            /* as of a wait */
	uint64_t cpu_ns, stolen_ns;
	uint32_t waits;
};

struct seen_wait {
	uint64_t out_ns, woken_ns, in_ns; /* woken_ns 0: no wake-up was seen */
	uint64_t cpu_ns;        /* on-CPU time of the binding up to out_ns, as the kernel side counted it */
	uint64_t stolen_ns;     /* of it: a hypervisor had taken the CPU away */
	uint64_t waited_ns;     /* Σ (in − out) of the binding's earlier waits, as it counted them */
	uint32_t seq;           /* number of this wait in its binding */
	bool preempted;         /* cause is TIME_run_queue or TIME_throttled, nothing was waited for */
	bool open;              /* still waiting at in_ns */
	bool elsewhere;         /* no wait: the thread worked for others, or not at all */
	bool others;            /* what it did since the wait before was for others, this wait too */
	uint32_t task;          /* number, 0 = none */
	enum time_class cause;
	enum time_class runnable_class; /* TIME_run_queue or TIME_throttled */
	const char *object;
	const struct waker *waker; /* NULL = none */
	int32_t stack;
};

/* What a task awaits when it stops running. */
struct seen_await {
	uint64_t t;
	uint32_t task;
	int32_t stack;
	enum time_class cause;
	const char *object;
	bool finished;          /* it does not run any more */
	bool uncertain;         /* it may be so */
	bool peer;              /* it may be a socket's, told later by builder_task_peer() */
	uint64_t ready_ns;      /* when that happened, if it can be known before the task runs again; 0 = cannot */
};

struct builder *builder_new(struct profile *p); /* fills *p, does not own it; its about.interval_ns is that of the ticks */
void builder_free(struct builder *b);

/* The request. `recognised_ns`: from there on threads are observed; what lies between begin_ns and it is network (waiting for the client, the
 * profile's request.remote) less tentative_cpu_ns, estimated. `shared`: its thread had other unfinished requests, nothing is bound, all of it is
 * ambiguous. */
void builder_begin(struct builder *b, uint64_t begin_ns, uint64_t recognised_ns, uint64_t tentative_cpu_ns, bool shared);

/* A thread begins to work for it; `worker` numbers the binding. asleep: it was cloned and does not run yet (its first wait says since when).
 * The same tid may be bound several times; it stays one thread of the profile. */
void builder_bind(struct builder *b, uint32_t worker, uint64_t t, int32_t pid, int32_t tid, const char *comm, uint8_t rung, bool asleep);
/* The account of what it is bound for has what it did for others, too: only its waits and its release tell them apart. */
void builder_mixed(struct builder *b, uint32_t worker);
/* It does no longer from r->t on; what was fed of it after that is void. */
void builder_release(struct builder *b, uint32_t worker, const struct seen_release *r);
void builder_wait(struct builder *b, uint32_t worker, const struct seen_wait *w);
/* A tick. task: number, 0 = none. */
#define TICK_KERNEL 1   /* the thread was in the kernel */
#define TICK_EDGE 2     /* no tick, but the stack of a write */
#define TICK_GIL 4      /* the thread held the GIL */
void builder_tick(struct builder *b, uint32_t worker, uint64_t t, int32_t stack, uint32_t task, unsigned int flags);

/* Tasks of a runtime in which one thread serves many requests, numbered from 1. One that was made could run, and does when it is said to, until it
 * awaits. name: of the function that it begins with, NULL = it has none: a call in a thread. */
void builder_task(struct builder *b, uint32_t number, uint32_t parent, const char *name, uint64_t t);
void builder_task_runs(struct builder *b, uint32_t task, uint64_t t);
void builder_task_waits(struct builder *b, const struct seen_await *a);
void builder_task_ready(struct builder *b, uint32_t task, uint64_t t); /* what it awaits has happened */

/* What was sent to an address was for the task: where it awaits something that may be the answer, it does. 1 = so it is, 0 = not. */
int builder_task_peer(struct builder *b, uint32_t task, const char *address);

/* The thread of its event loop works for others from t on, as `who` says (duration_ns is not read), or waits for events: NULL. */
void builder_busy(struct builder *b, uint64_t t, const struct loop_busy *who);

/* The tasks tell whom threads worked for: where none of the request's threads did, all of its tasks were waiting. */
void builder_contexts(struct builder *b);

/* It has no tasks: threads of rung 3 do what one of its threads handed to them, and others' work where they are `elsewhere`. */
void builder_handed(struct builder *b);
void builder_lost(struct builder *b, uint64_t ticks, uint64_t waits);

/* The end: clips everything to [begin_ns, end_ns], makes slices, weights, waits, the partition, ambiguous_ns. May be called again with another
 * end: everything is made anew from what was fed. */
void builder_finish(struct builder *b, uint64_t end_ns);

/* After that: what was seen between end_ns and until_ns is work after the response, if it is more than what a request leaves behind. */
void builder_after(struct builder *b, uint64_t until_ns);

#endif
