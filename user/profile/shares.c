/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/shares.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "profile/timeline.h"

static int by_begin(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Calls `gap` for the time, from the request's begin, that no span of a class before `class` covers. Spans are sorted. */
static void walk_gaps(struct story *s, enum time_class class, void (*gap)(struct story *s, uint64_t begin, uint64_t end, void *ctx), void *ctx)
{
	uint64_t at = s->recognised_ns - s->begin_ns, wall = s->end_ns - s->begin_ns;

	for (size_t i = 0; i < s->n_spans; i++) {
		const struct span *span = &s->spans[i];

		if (span->class >= class)
			continue;
		if (span->begin > at)
			gap(s, at, span->begin, ctx);
		if (span->end > at)
			at = span->end;
	}
	if (at < wall)
		gap(s, at, wall, ctx);
}

/* ---- what the request was suspended for -------------------------------------------------------------------------- */

static uint64_t end_of(const struct await *a)
{
	return a->t + a->duration_ns;
}

/* What a task waits for says more than that another one waits for that task, by gather() or a group. */
static bool is_better(const struct tasks *tasks, const struct await *a, const struct await *best)
{
	if (!best || (a->cause == TIME_other_wait) != (best->cause == TIME_other_wait))
		return !best || best->cause == TIME_other_wait;
	if (a->cause == TIME_other_wait && tasks_descends(tasks, a->task, best->task))
		return true;
	if (a->cause == TIME_other_wait && tasks_descends(tasks, best->task, a->task))
		return false;
	return end_of(a) > end_of(best);
}

/* The await that the instant `at` stands for, or NULL; *ret_until: as long as that holds. Awaits before `first` are over, as *first says. */
static struct await *await_at(const struct story *s, uint64_t at, size_t *first, uint64_t *ret_until)
{
	const struct profile *p = s->profile;
	struct await *best = NULL;
	size_t i;

	while (*first < p->n_awaits && end_of(&p->awaits[*first]) <= at)
		++*first;
	for (i = *first; i < p->n_awaits && p->awaits[i].t <= at; i++)
		if (end_of(&p->awaits[i]) > at && is_better(&s->tasks, &p->awaits[i], best))
			best = &p->awaits[i];
	if (best && end_of(best) < *ret_until)
		*ret_until = end_of(best);
	if (i < p->n_awaits && p->awaits[i].t < *ret_until)
		*ret_until = p->awaits[i].t;
	return best;
}

static void share_suspended(struct story *s, uint64_t at, uint64_t end, void *ctx)
{
	size_t *first = ctx;

	while (at < end) {
		uint64_t until = end;
		struct await *a = await_at(s, at, first, &until);

		if (a)
			a->suspended_ns += until - at;
		at = until;
	}
}

/* ---- whom it waited for when it could have gone on --------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct busy_seen *x = a, *y = b;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

struct busy_walk {
	size_t next;            /* the first thing that begins after what is shared already */
	int sign;
};

/* Each thing that was seen stands for the time until the next one. */
static void share_busy(struct story *s, uint64_t at, uint64_t end, void *ctx)
{
	struct busy_walk *w = ctx;

	while (at < end) {
		uint64_t until = end;

		while (w->next < s->n_busy && s->busy[w->next].t <= s->begin_ns + at)
			w->next++;
		if (w->next < s->n_busy && s->busy[w->next].t - s->begin_ns < until)
			until = s->busy[w->next].t - s->begin_ns;
		if (w->next)
			s->busy[w->next - 1].ns += w->sign * (int64_t)(until - at);
		at = until;
	}
}

/* Equal strings are one. */
static bool is_same(const struct loop_busy *a, const struct loop_busy *b)
{
	return a->request == b->request && a->function == b->function && a->file == b->file && a->gil == b->gil;
}

static void add_busy(struct profile *p, const struct busy_seen *seen)
{
	for (size_t i = 0; i < p->n_loop_busy; i++) {
		struct loop_busy *b = &p->loop_busy[i];

		if (is_same(b, &seen->who) && b->line == seen->who.line) {
			b->duration_ns += seen->ns;
			return;
		}
	}
	GROW(p->loop_busy, p->n_loop_busy, p->cap_loop_busy);
	p->loop_busy[p->n_loop_busy] = seen->who;
	p->loop_busy[p->n_loop_busy++].duration_ns = seen->ns;
}

static int longest_first(const void *a, const void *b)
{
	const struct loop_busy *x = a, *y = b;

	if (x->duration_ns != y->duration_ns)
		return x->duration_ns < y->duration_ns ? 1 : -1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void sort_busy(struct profile *p)
{
	if (p->n_loop_busy)
		qsort(p->loop_busy, p->n_loop_busy, sizeof *p->loop_busy, longest_first);
}

/* A function is one, at the line where it was for longest. */
static void merge_lines(struct profile *p)
{
	size_t n = 0;

	sort_busy(p);
	for (size_t i = 0; i < p->n_loop_busy; i++) {
		size_t k = 0;

		while (k < n && !is_same(&p->loop_busy[k], &p->loop_busy[i]))
			k++;
		if (k < n)
			p->loop_busy[k].duration_ns += p->loop_busy[i].duration_ns;
		else
			p->loop_busy[n++] = p->loop_busy[i];
	}
	p->n_loop_busy = n;
	sort_busy(p);
}

/* The loop is busy where the time is not a stronger class's but is not left for `suspended`, either. */
static void tell_busy(struct story *s)
{
	if (!s->n_busy)
		return;
	qsort(s->busy, s->n_busy, sizeof *s->busy, by_time);
	for (size_t i = 0; i < s->n_busy; i++)
		s->busy[i].ns = 0;
	walk_gaps(s, TIME_loop_busy, share_busy, &(struct busy_walk){.sign = 1});
	walk_gaps(s, TIME_suspended, share_busy, &(struct busy_walk){.sign = -1});
	for (size_t i = 0; i < s->n_busy; i++)
		if (s->busy[i].ns > 0 && (s->busy[i].who.request || s->busy[i].who.function))
			add_busy(s->profile, &s->busy[i]);
	merge_lines(s->profile);
}

/* ------------------------------------------------------------------------------------------------------------------ */

void shares_tell(struct story *s)
{
	size_t first = 0;

	if (s->n_spans)
		qsort(s->spans, s->n_spans, sizeof *s->spans, by_begin);
	walk_gaps(s, TIME_suspended, share_suspended, &first);
	tell_busy(s);
}
