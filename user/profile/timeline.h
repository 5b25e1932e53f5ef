/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one thread did for a request, told from its waits and ticks: slices on the CPU in between, their samples, and spans for the partition.
 * The builder's inner half; times are CLOCK_MONOTONIC ns unless they are a profile's.
 */
#ifndef REQPROF_TIMELINE_H
#define REQPROF_TIMELINE_H

#include "profile/awaits.h"
#include "profile/builder.h"
#include "profile/partition.h"

struct tick {
	uint64_t t;
	uint64_t stolen_ns;     /* right before it a hypervisor had the CPU */
	int32_t stack;
	uint32_t task;
	bool kernel, edge, gil;
};

struct thread_wait {
	struct seen_wait seen;  /* without its waker */
	bool has_waker;
	struct waker waker;
};

/* What was seen of one binding of a thread to the request. */
struct binding {
	uint32_t worker;
	int32_t pid, tid;
	const char *comm;
	uint8_t rung;
	bool asleep;            /* it did not run yet when it was bound */
	bool mixed;             /* its account is not the request's alone */
	uint64_t begin_ns;
	bool released;
	struct seen_release release;
	struct tick *ticks;
	size_t n_ticks, cap_ticks;
	struct thread_wait *waits;
	size_t n_waits, cap_waits;
};

/* From t on the loop's thread did this for others; with nothing in it: nothing that is known. */
struct busy_seen {
	uint64_t t;
	size_t order;
	int64_t ns;             /* of loop_busy that it stands for */
	struct loop_busy who;
};

/* What is told of the request: of its wall time, or of the time after it. */
struct story {
	struct profile *profile;
	struct work *work;      /* that is filled: the profile's, or its `after` */
	uint64_t zero_ns;       /* times of the profile count from here */
	uint64_t begin_ns, recognised_ns, tentative_cpu_ns, end_ns;
	struct span *spans;
	size_t n_spans, cap_spans;
	uint64_t user_ns, kernel_ns; /* weights of the ticks */
	struct tasks tasks;
	struct busy_seen *busy;
	size_t n_busy, cap_busy;
	bool contextual;        /* tasks tell whom threads worked for; else a thread that works for others is lost */
	bool handed;            /* … unless it was handed its work by the request, which has no tasks */
};

/* A span from begin to end, cut to the request. */
void story_span(struct story *s, uint64_t begin, uint64_t end, enum time_class class);

/* Is it told when the thread of a binding works for the request and when for others? */
bool story_follows(const struct story *s, const struct binding *x);

/* When did a thread first work for others, while nothing told what it did later? UINT64_MAX = it did not. */
uint64_t story_lost(const struct story *s, const struct binding *x);

/* Tells a binding: its thread, samples, waits and spans. `reader`: it is that of the thread that read the request. Sorts its ticks and waits. */
void story_binding(struct story *s, struct binding *x, bool reader);

#endif
