/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/lanes.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/call_tree.h"
#include "format/names.h"

static void add(struct lane *lane, const struct lane_span *span)
{
	if (span->begin >= span->end)
		return;
	GROW(lane->list, lane->n, lane->cap);
	lane->list[lane->n++] = *span;
}

void lane_free(struct lane *lane)
{
	free(lane->list);
	free(lane->text);
	*lane = (struct lane){0};
}

char *lane_leaf(const struct lane_span *span)
{
	if (span->class >= TIME_run_queue)
		return name_wait(span->class, span->object);
	return span->stack < 0 ? xstrdup("[no stack]") : NULL;
}

/* ---- a thread ---------------------------------------------------------------------------------------------------- */

static const struct sample *next_sample(const struct work *w, int32_t thread, size_t *i)
{
	while (*i < w->n_samples && w->samples[*i].thread != thread)
		++*i;
	return *i < w->n_samples ? &w->samples[*i] : NULL;
}

static const struct wait *next_wait(const struct work *w, int32_t thread, size_t *i)
{
	while (*i < w->n_waits && w->waits[*i].thread != thread)
		++*i;
	return *i < w->n_waits ? &w->waits[*i] : NULL;
}

/* Where the time of a sample begins, not before `at`: usually there, as the thread ran on. If it was only then bound to the request, its tick is too
 * far away for that: then the time ends half way to the next tick, at the next wait, or at the tick; that of an edge begins there. `next`: of the
 * same run, or NULL; `limit`: the next wait. */
static uint64_t place(const struct sample *s, const struct sample *next, uint64_t at, uint64_t limit)
{
	uint64_t weight = s->weight_ns, end = limit;

	if (s->t <= at + weight)
		return at;
	if (next && !next->edge)
		end = s->t + (next->t - s->t) / 2;
	if (end - weight > s->t)
		end = s->edge ? s->t + weight : s->t;
	return end - weight;
}

static void add_sample(struct lane *lane, const struct sample *s, uint64_t begin)
{
	add(lane, &(struct lane_span){
		.begin = begin, .end = begin + s->weight_ns, .class = s->kernel ? TIME_cpu_kernel : TIME_cpu_user, .thread = s->thread,
		.task = s->task, .stack = s->stack,
	});
}

static void add_wait(struct lane *lane, const struct wait *w, uint64_t at)
{
	uint64_t woken = w->t + w->duration_ns, in = woken + w->runnable_ns;
	struct lane_span span = {
		.begin = w->t > at ? w->t : at, .end = woken, .class = w->cause, .object = w->object, .thread = w->thread, .task = w->task,
		.stack = w->stack,
	};

	add(lane, &span);
	span.begin = woken > at ? woken : at;
	span.end = in;
	span.class = wait_ready_class(w);
	span.object = wait_ready_object(w);
	add(lane, &span);
}

static uint64_t end_of(const struct lane *lane)
{
	return lane->n ? lane->list[lane->n - 1].end : 0;
}

/* The samples up to a wait, or the last ones. */
static void add_run(struct lane *lane, const struct work *w, int32_t thread, size_t *i, uint64_t limit)
{
	const struct sample *s = next_sample(w, thread, i);

	while (s && s->t <= limit) {
		const struct sample *next;

		++*i;
		next = next_sample(w, thread, i);
		add_sample(lane, s, place(s, next && next->t <= limit ? next : NULL, end_of(lane), limit));
		s = next;
	}
}

struct lane lane_of_thread(const struct work *w, int32_t thread)
{
	struct lane lane = {0};
	size_t sample = 0, i = 0;
	const struct wait *wait;

	while ((wait = next_wait(w, thread, &i))) {
		add_run(&lane, w, thread, &sample, wait->t);
		add_wait(&lane, wait, end_of(&lane));
		i++;
	}
	add_run(&lane, w, thread, &sample, UINT64_MAX);
	return lane;
}

/* ---- a task ------------------------------------------------------------------------------------------------------ */

static void add_await(struct lane *lane, const struct await *a, uint64_t at)
{
	add(lane, &(struct lane_span){
		.begin = a->t > at ? a->t : at, .end = a->t + a->duration_ns, .class = a->cause, .object = a->object, .thread = -1, .task = a->task,
		.stack = a->stack, .await = true,
	});
}

struct lane lane_of_task(const struct profile *p, int32_t task)
{
	struct lane lane = {0};

	for (size_t i = 0; i < p->n_awaits; i++)
		if (p->awaits[i].task == task)
			add_await(&lane, &p->awaits[i], end_of(&lane));
	return lane;
}

/* ---- the request ------------------------------------------------------------------------------------------------- */

struct sweep {
	struct lane all;        /* spans of every thread, and awaits, by their begin */
	const struct lane_span **open; /* those that are not over */
	size_t n_open, cap_open, next;
	struct lane_span rest;  /* of instants that none of them has */
};

static int by_begin(const void *va, const void *vb)
{
	const struct lane_span *a = va, *b = vb;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	return a->await != b->await ? a->await - b->await : a->thread - b->thread;
}

static void collect(struct sweep *s, const struct profile *p)
{
	for (size_t t = 0; t < p->work.n_threads; t++) {
		struct lane lane = lane_of_thread(&p->work, t);

		for (size_t i = 0; i < lane.n; i++)
			add(&s->all, &lane.list[i]);
		lane_free(&lane);
	}
	for (size_t i = 0; i < p->n_awaits; i++)
		add_await(&s->all, &p->awaits[i], 0);
	if (s->all.n)
		qsort(s->all.list, s->all.n, sizeof *s->all.list, by_begin);
}

/* Of two awaits the one for something outside of the program, then the one that ends last. */
static bool is_first(const struct lane_span *a, const struct lane_span *b)
{
	if (!b || a->await != b->await)
		return !b || b->await;
	if (!a->await)
		return a->class < b->class;
	if ((a->class == TIME_other_wait) != (b->class == TIME_other_wait))
		return b->class == TIME_other_wait;
	return a->end > b->end;
}

/* What the instant `at` is; *ret_until: as long as that holds, at most. */
static const struct lane_span *span_at(struct sweep *s, uint64_t at, uint64_t *ret_until)
{
	const struct lane_span *first = NULL;
	size_t n = 0;

	for (; s->next < s->all.n && s->all.list[s->next].begin <= at; s->next++) {
		GROW(s->open, s->n_open, s->cap_open);
		s->open[s->n_open++] = &s->all.list[s->next];
	}
	if (s->next < s->all.n && s->all.list[s->next].begin < *ret_until)
		*ret_until = s->all.list[s->next].begin;
	for (size_t i = 0; i < s->n_open; i++) {
		if (s->open[i]->end <= at)
			continue;
		s->open[n++] = s->open[i];
		if (is_first(s->open[i], first))
			first = s->open[i];
	}
	s->n_open = n;
	if (first && first->end < *ret_until)
		*ret_until = first->end;
	return first;
}

/* Classes whose time is in no wait, await or thread: which one an instant has cannot be told if there are several, only what each has in sum. */
static void name_rest(struct lane_span *rest, const struct profile *p, char **ret_text)
{
	*rest = (struct lane_span){.class = TIME_unknown, .thread = -1, .task = -1, .stack = -1};
	*ret_text = NULL;
	for (int c = N_TIME_CLASSES - 1; c >= TIME_run_queue; c--) {
		_cleanup_free_ char *shorter = NULL;

		if (c == TIME_unknown ? !p->time.classes_ns[c] : !unrecorded_ns(p, c))
			continue;
		if (!rest->object) {
			rest->class = c;
			rest->object = "";
			continue;
		}
		shorter = *ret_text;
		*ret_text = xasprintf("%s%sor %s", shorter ? shorter : "", shorter ? " " : "", time_class_names[c]);
	}
	rest->object = *ret_text;
}

static bool continues(const struct lane_span *a, const struct lane_span *b)
{
	return a->end == b->begin && a->class == b->class && a->object == b->object && a->stack == b->stack && a->thread == b->thread &&
	       a->task == b->task && a->await == b->await;
}

struct lane lane_of_request(const struct profile *p)
{
	struct sweep s = {0};
	struct lane lane = {0};
	uint64_t until;

	collect(&s, p);
	name_rest(&s.rest, p, &lane.text);
	for (uint64_t at = 0; at < p->time.wall_ns; at = until) {
		const struct lane_span *first;
		struct lane_span span;

		until = p->time.wall_ns;
		first = span_at(&s, at, &until);
		span = first ? *first : s.rest;
		span.begin = at;
		span.end = until;
		if (lane.n && continues(&lane.list[lane.n - 1], &span))
			lane.list[lane.n - 1].end = until;
		else
			add(&lane, &span);
	}
	lane_free(&s.all);
	free(s.open);
	return lane;
}
