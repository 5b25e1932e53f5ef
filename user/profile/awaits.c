/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/awaits.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "profile/timeline.h"

#define GENERATIONS_MAX 64
#define TASKS_MAX 100000 /* more than a request can have: numbers come from outside */

int32_t tasks_index(struct profile *p, uint32_t number)
{
	char id[16];

	if (!number || number > TASKS_MAX)
		return -1;
	while (p->n_tasks < number) {
		GROW(p->tasks, p->n_tasks, p->cap_tasks);
		snprintf(id, sizeof id, "%zu", p->n_tasks + 1);
		p->tasks[p->n_tasks++] = (struct task){.id = profile_string(p, id), .name = NULL};
	}
	return number - 1;
}

void tasks_made(struct tasks *tasks, int32_t index, uint32_t parent)
{
	while (tasks->n_parents <= (size_t)index) {
		GROW(tasks->parents, tasks->n_parents, tasks->cap_parents);
		tasks->parents[tasks->n_parents++] = 0;
	}
	tasks->parents[index] = parent;
}

/* Numbers come from outside: a circle of them has an end, too. */
bool tasks_descends(const struct tasks *tasks, int32_t index, int32_t ancestor)
{
	for (int i = 0; i < GENERATIONS_MAX && index >= 0 && (size_t)index < tasks->n_parents; i++) {
		index = (int32_t)tasks->parents[index] - 1;
		if (index >= 0 && index == ancestor)
			return true;
	}
	return false;
}

void tasks_add(struct tasks *tasks, const struct task_change *change)
{
	GROW(tasks->changes, tasks->n, tasks->cap);
	tasks->changes[tasks->n] = *change;
	tasks->changes[tasks->n].order = tasks->n;
	tasks->n++;
}

struct task_change *tasks_last(struct tasks *tasks, uint32_t task)
{
	for (size_t i = tasks->n; i; i--)
		if (tasks->changes[i - 1].await.task == task)
			return &tasks->changes[i - 1];
	return NULL;
}

void tasks_free(struct tasks *tasks)
{
	free(tasks->changes);
	free(tasks->parents);
}

static int by_task_and_time(const void *a, const void *b)
{
	const struct task_change *x = a, *y = b;

	if (x->await.task != y->await.task)
		return x->await.task < y->await.task ? -1 : 1;
	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static uint64_t clip(const struct story *s, uint64_t t)
{
	if (t < s->begin_ns)
		return 0;
	return (t < s->end_ns ? t : s->end_ns) - s->begin_ns;
}

/* It awaited from a->t until it ran again at `to`, or until the end. What was ready before waited for its thread. */
static void add_await(struct story *s, const struct seen_await *a, uint64_t to)
{
	struct profile *p = s->profile;
	uint64_t ready = a->ready_ns && a->ready_ns < to ? a->ready_ns : to;
	uint64_t begin = clip(s, a->t), end = clip(s, ready > a->t ? ready : a->t);

	story_span(s, ready, to, TIME_loop_busy);
	if (a->t >= s->end_ns || to <= a->t) /* looked at in the middle of a step, it may seem to have awaited */
		return;
	GROW(p->awaits, p->n_awaits, p->cap_awaits);
	p->awaits[p->n_awaits++] = (struct await){
		.t = begin, .duration_ns = end - begin, .task = tasks_index(p, a->task), .stack = a->stack, .cause = a->cause, .object = a->object,
	};
}

static int by_time(const void *a, const void *b)
{
	const struct await *x = a, *y = b;

	return x->t != y->t ? (x->t < y->t ? -1 : 1) : x->task - y->task;
}

/* The change that ends the await, or the wait for its first run, at i: the task's next run, or NULL. What happened before is put into *ready. */
static const struct task_change *end_of_await(const struct tasks *tasks, size_t i, uint64_t *ready)
{
	const struct task_change *c = &tasks->changes[i];

	for (size_t k = i + 1; k < tasks->n; k++) {
		const struct task_change *next = &tasks->changes[k];

		if (next->await.task != c->await.task)
			return NULL;
		if (!next->ready)
			return next;
		*ready = next->t;
	}
	return NULL;
}

void tasks_tell(struct story *s)
{
	struct tasks *tasks = &s->tasks;
	struct profile *p = s->profile;

	if (tasks->n)
		qsort(tasks->changes, tasks->n, sizeof *tasks->changes, by_task_and_time);
	for (size_t i = 0; i < tasks->n; i++) {
		struct seen_await a = tasks->changes[i].await;
		const struct task_change *end;

		if (tasks->changes[i].runs || tasks->changes[i].ready || a.finished)
			continue;
		end = end_of_await(tasks, i, &a.ready_ns);
		if (tasks->changes[i].made) {
			if (end)
				story_span(s, tasks->changes[i].t, end->t, TIME_loop_busy);
			continue;
		}
		if (end || !a.uncertain)
			add_await(s, &a, end ? end->t : s->end_ns);
	}
	if (p->n_awaits)
		qsort(p->awaits, p->n_awaits, sizeof *p->awaits, by_time);
}
