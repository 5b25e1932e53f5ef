/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was seen of one request, in the order of the events and in less space than they take, until it is replayed into the builder.
 * Strings belong to the profile of the request, stacks to its stack table.
 */
#ifndef REQPROF_RECORD_H
#define REQPROF_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"

enum record_kind { RECORD_BIND, RECORD_RELEASE, RECORD_TICK, RECORD_WAIT, RECORD_TASK, RECORD_TASK_RUNS, RECORD_TASK_WAITS, RECORD_PEER,
		   RECORD_BUSY, RECORD_TASK_CLAIMED, N_RECORD_KINDS };

struct raw_stack;

struct record_bind {
	uint64_t t;
	uint32_t worker;
	int32_t pid, tid;
	uint8_t rung;
	bool asleep;
	const char *comm;
};

struct record_release {
	uint64_t t;
	uint32_t worker;
	uint32_t why;           /* RP_RELEASE_* */
	uint32_t waits, task;   /* task: that ran then, 0 = none */
	uint64_t cpu_ns, stolen_ns;
};

struct record_tick {
	uint64_t t;
	uint32_t worker;
	uint32_t task;          /* number, 0 = none */
	bool kernel, edge, gil;
	struct raw_stack *stack; /* NULL = none */
};

struct record_wait {
	uint64_t out_ns, woken_ns, in_ns, cpu_ns, stolen_ns, waited_ns;
	uint64_t futex;         /* 0, or the object is to be named with the stack */
	const char *object;
	struct raw_stack *stack;
	uint32_t seq, worker, task;
	int32_t pid;            /* of the waiting thread */
	uint8_t cause, runnable; /* enum time_class */
	bool preempted, open, has_waker;
	bool elsewhere;         /* no wait: the thread worked for others */
	bool gil;               /* for the GIL, which was held by: */
	uint32_t holder_tid;    /* 0 = unknown */
	struct raw_stack *holder; /* of one frame, NULL = unknown */
	const char *holder_request; /* "GET /path", NULL = none that is known */
	int32_t waker_pid, waker_tid;
	const char *waker_comm;
};

struct record_task {
	uint64_t t;
	uint32_t number, parent;
	bool unclaimed, guessed; /* it may be another request's (claims.h) */
	struct raw_stack *coroutine; /* of it alone, for its name; NULL = unknown */
};

/* It has written the response, or another request's. */
struct record_task_claimed {
	uint64_t t;
	uint32_t task;
	bool others;
};

struct record_task_runs {
	uint64_t t;
	uint32_t task;
};

struct record_task_waits {
	uint64_t t;
	uint32_t task;
	bool suspended, finished;
	bool events;            /* no coroutine: it waits for its sockets, or a timer … */
	bool client;            /* … and the client does not take what was sent */
	struct raw_stack *stack;
	uint64_t awaited, awaited_type, local, local_2, local_type;
	int32_t pid;
};

/* A task has written to a socket, or (address NULL) bytes from there were read, which came at t. */
struct record_peer {
	uint64_t t;
	uint64_t socket;
	uint32_t task;
	const char *address;
};

/* What the thread of its event loop did for others from t on. */
struct record_busy {
	uint64_t t;
	struct raw_stack *stack; /* one of others, NULL = none */
	const char *request;    /* "GET /path", NULL = none that is known */
	uint32_t task;          /* an unclaimed one, if it did that; 0 = none */
	bool gil;               /* these held the GIL that it waited for */
};

struct record_chunk;

struct record_log {
	struct record_chunk *first, *last;
};

/* Zeroed new record at the end, of the struct that its kind says; stays where it is until the log is freed. */
void *record_add(struct record_log *log, enum record_kind kind);
void record_log_free(struct record_log *log);

/* Walk: starts zeroed; returns the next record, NULL at the end. */
struct record_cursor {
	const struct record_chunk *chunk;
	size_t at;
	bool started;
};
const void *record_next(const struct record_log *log, struct record_cursor *cursor, enum record_kind *ret_kind);

#endif
