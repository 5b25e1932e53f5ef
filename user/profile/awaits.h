/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tasks of a request, in a runtime where one thread serves many requests: when each ran, and what it awaited in between. The builder's part for
 * them; times are CLOCK_MONOTONIC ns.
 */
#ifndef REQPROF_AWAITS_H
#define REQPROF_AWAITS_H

#include "profile/builder.h"

struct story;

struct task_change {
	uint64_t t;
	size_t order;
	bool runs;              /* else it awaits what `await` says, */
	bool ready;             /* or that has happened, */
	bool made;              /* or it was made and could run */
	struct seen_await await;
};

struct tasks {
	struct task_change *changes;
	size_t n, cap;
	uint32_t *parents;      /* by number − 1; 0 = none */
	size_t n_parents, cap_parents;
};

/* Index in the profile of the task with a number, −1 for number 0. Makes it, and those before it. */
int32_t tasks_index(struct profile *p, uint32_t number);

/* The task with this index was made by the one with that number. */
void tasks_made(struct tasks *tasks, int32_t index, uint32_t parent);

/* Was a task, by its index, made by another one, or by one of those that that one made? */
bool tasks_descends(const struct tasks *tasks, int32_t index, int32_t ancestor);

void tasks_add(struct tasks *tasks, const struct task_change *change);
struct task_change *tasks_last(struct tasks *tasks, uint32_t task); /* that was added for the task, or NULL */
void tasks_free(struct tasks *tasks);

/* Fills the profile's awaits, and the spans in which a task could have gone on. */
void tasks_tell(struct story *s);

#endif
