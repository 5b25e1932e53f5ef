/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/join.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* Strings of a profile are interned: each is rewritten once. */
struct join_string {
	UT_hash_handle hh;
	struct {
		const char *s;
		uintptr_t kind; /* as wide as the pointer: no padding in what is hashed */
	} key;
	const char *result;
};

static const char *rewrite(struct join *j, enum join_text kind, const char *s)
{
	_cleanup_free_ char *text = j->rewrite ? j->rewrite(j->ctx, kind, s) : NULL;

	return profile_string(j->to, text ? text : s);
}

const char *join_string(struct join *j, enum join_text kind, const char *s)
{
	struct join_string *found;
	__typeof__(found->key) key = {s, kind};

	if (!s)
		return NULL;
	HASH_FIND(hh, j->strings, &key, sizeof key, found);
	if (!found) {
		found = xcalloc(1, sizeof *found);
		found->key = key;
		found->result = rewrite(j, kind, s);
		HASH_ADD(hh, j->strings, key, sizeof found->key, found);
	}
	return found->result;
}

static const char *words(struct join *j, const char *s)
{
	return join_string(j, JOIN_WORDS, s);
}

static int32_t stack_of(const struct join *j, int32_t stack)
{
	return stack < 0 ? -1 : j->stacks[stack];
}

static int32_t task_of(const struct join *j, int32_t task)
{
	return task < 0 ? -1 : j->first_task + task;
}

void join_begin(struct join *j)
{
	const struct profile *from = j->from;
	struct profile *to = j->to;

	j->strings = NULL;
	j->frames = xcalloc(from->n_frames, sizeof *j->frames);
	j->stacks = xcalloc(from->n_stacks, sizeof *j->stacks);
	j->first_task = to->n_tasks;
	for (size_t i = 0; i < from->n_frames; i++) {
		struct frame frame = from->frames[i];

		frame.function = words(j, frame.function);
		frame.file = join_string(j, JOIN_FILE, frame.file);
		frame.module = join_string(j, JOIN_MODULE, frame.module);
		j->frames[i] = profile_frame(to, &frame);
	}
	for (size_t i = 0; i < from->n_stacks; i++)
		j->stacks[i] = profile_stack(to, stack_of(j, from->stacks[i].parent), j->frames[from->stacks[i].frame]);
	for (size_t i = 0; i < from->n_tasks; i++) {
		GROW(to->tasks, to->n_tasks, to->cap_tasks);
		to->tasks[to->n_tasks++] = (struct task){words(j, from->tasks[i].id), words(j, from->tasks[i].name)};
	}
}

void join_end(struct join *j)
{
	struct join_string *s, *next;

	HASH_ITER(hh, j->strings, s, next) {
		HASH_DEL(j->strings, s);
		free(s);
	}
	free(j->frames);
	free(j->stacks);
}

/* ---- threads and what they did ----------------------------------------------------------------------------------- */

static int32_t join_thread(struct work *to, const struct thread *t)
{
	struct thread *same;
	size_t i = 0;

	while (i < to->n_threads && (to->threads[i].pid != t->pid || to->threads[i].tid != t->tid || to->threads[i].comm != t->comm ||
				     to->threads[i].name != t->name))
		i++;
	if (i == to->n_threads) {
		*work_add_thread(to) = *t;
		return i;
	}
	same = &to->threads[i];
	same->cpu_ns += t->cpu_ns;
	same->wait_ns += t->wait_ns;
	same->gil_held_ns = same->gil_held_ns < 0 || t->gil_held_ns < 0 ? -1 : same->gil_held_ns + t->gil_held_ns;
	return i;
}

static int32_t *join_threads(struct join *j, struct work *to, const struct work *from)
{
	int32_t *threads = xcalloc(from->n_threads, sizeof *threads);

	for (size_t i = 0; i < from->n_threads; i++) {
		struct thread t = from->threads[i];

		t.comm = words(j, t.comm);
		t.name = words(j, t.name);
		threads[i] = join_thread(to, &t);
	}
	return threads;
}

void join_work(struct join *j, struct work *to, const struct work *from)
{
	_cleanup_free_ int32_t *threads = join_threads(j, to, from);

	for (size_t i = 0; i < from->n_samples; i++) {
		struct sample s = from->samples[i];

		s.t += j->shift_ns;
		s.thread = threads[s.thread];
		s.task = task_of(j, s.task);
		s.stack = stack_of(j, s.stack);
		*work_add_sample(to) = s;
	}
	for (size_t i = 0; i < from->n_waits; i++) {
		struct wait w = from->waits[i];

		w.t += j->shift_ns;
		w.thread = threads[w.thread];
		w.task = task_of(j, w.task);
		w.stack = stack_of(j, w.stack);
		w.object = words(j, w.object);
		w.waker.comm = words(j, w.waker.comm);
		w.waker.stack = w.has_waker ? stack_of(j, w.waker.stack) : -1;
		*work_add_wait(to) = w;
	}
}

void join_awaits(struct join *j)
{
	struct profile *to = j->to;

	for (size_t i = 0; i < j->from->n_awaits; i++) {
		struct await a = j->from->awaits[i];

		a.t += j->shift_ns;
		a.task = task_of(j, a.task);
		a.stack = stack_of(j, a.stack);
		a.object = words(j, a.object);
		GROW(to->awaits, to->n_awaits, to->cap_awaits);
		to->awaits[to->n_awaits++] = a;
	}
}

/* ---- lists of which equal elements become one ---------------------------------------------------------------------- */

static int longest_first(const void *va, const void *vb)
{
	const struct loop_busy *a = va, *b = vb;

	return (a->duration_ns < b->duration_ns) - (a->duration_ns > b->duration_ns);
}

static bool same_busy(const struct loop_busy *a, const struct loop_busy *b)
{
	return a->request == b->request && a->function == b->function && a->file == b->file && a->gil == b->gil;
}

void join_loop_busy(struct join *j)
{
	struct profile *to = j->to;

	for (size_t i = 0; i < j->from->n_loop_busy; i++) {
		struct loop_busy b = j->from->loop_busy[i];
		size_t k = 0;

		b.request = words(j, b.request);
		b.function = words(j, b.function);
		b.file = join_string(j, JOIN_FILE, b.file);
		while (k < to->n_loop_busy && !same_busy(&to->loop_busy[k], &b))
			k++;
		if (k < to->n_loop_busy) {
			to->loop_busy[k].duration_ns += b.duration_ns;
			continue;
		}
		GROW(to->loop_busy, to->n_loop_busy, to->cap_loop_busy);
		to->loop_busy[to->n_loop_busy++] = b;
	}
	if (to->n_loop_busy)
		qsort(to->loop_busy, to->n_loop_busy, sizeof *to->loop_busy, longest_first);
}

static void join_executable(struct join *j, const struct executable *e)
{
	const char *path = join_string(j, JOIN_MODULE, e->path), *build_id = words(j, e->build_id);
	struct about *to = &j->to->about;

	for (size_t i = 0; i < to->n_executables; i++)
		if (to->executables[i].path == path && to->executables[i].build_id == build_id)
			return;
	GROW(to->executables, to->n_executables, to->cap_executables);
	to->executables[to->n_executables++] = (struct executable){path, build_id, e->rows};
}

static void join_truncation(struct join *j, const struct truncation *t)
{
	const char *reason = words(j, t->reason);
	struct about *to = &j->to->about;
	size_t i = 0;

	while (i < to->n_truncations && to->truncations[i].reason != reason)
		i++;
	if (i == to->n_truncations) {
		GROW(to->truncations, to->n_truncations, to->cap_truncations);
		to->truncations[to->n_truncations++] = (struct truncation){.reason = reason};
	}
	to->truncations[i].stacks += t->stacks;
}

void join_executables(struct join *j)
{
	const struct about *from = &j->from->about;

	for (size_t i = 0; i < from->n_executables; i++)
		join_executable(j, &from->executables[i]);
	for (size_t i = 0; i < from->n_truncations; i++)
		join_truncation(j, &from->truncations[i]);
}
