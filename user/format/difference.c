/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/difference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/cells.h"
#include "format/functions.h"
#include "format/sampling.h"
#include "format/wait_groups.h"

static const struct profile *profile_at(const struct difference *d, size_t column)
{
	return column < d->a.n ? d->a.list[column] : d->b.list[column - d->a.n];
}

/* The one profile of its side: what its samples leave open is all that is known of its spread. */
static bool is_alone(const struct difference *d, size_t column)
{
	return (column < d->a.n ? d->a.n : d->b.n) == 1;
}

/* ---- the wall time and its classes ---------------------------------------------------------------------------------- */

static uint64_t sampled_weight(const struct profile *p, bool kernel)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->work.n_samples; i++)
		if (p->work.samples[i].kernel == kernel)
			sum += p->work.samples[i].weight_ns;
	return sum;
}

/* Of the split between user and kernel. Where threads overlap, wall time is less than theirs, and so is its error. */
static double split_error(const struct profile *p)
{
	double wall = p->time.classes_ns[TIME_cpu_user] + p->time.classes_ns[TIME_cpu_kernel];
	double all = (double)sampled_weight(p, false) + sampled_weight(p, true);
	_cleanup_free_ double *hits = xcalloc(p->work.n_threads, sizeof *hits);
	struct sampling s;
	double error;

	for (size_t i = 0; i < p->work.n_samples; i++)
		if (p->work.samples[i].kernel)
			hits[p->work.samples[i].thread] += p->work.samples[i].weight_ns;
	sampling_init(&s, p);
	error = sampling_error(&s, hits);
	sampling_clear(&s);
	return all > 0 ? error * fmin(1, wall / all) : 0;
}

static void compare_time(struct difference *d)
{
	struct cells c = {.n_a = d->a.n, .n_b = d->b.n};

	for (size_t i = 0; i < d->a.n + d->b.n; i++) {
		const struct profile *p = profile_at(d, i);
		double error = is_alone(d, i) ? split_error(p) : 0;

		cells_add(&c, 0, i)->values[0] = p->time.wall_ns;
		for (int class = 0; class < N_TIME_CLASSES; class++) {
			struct cell *cell = cells_add(&c, 1 + class, i);

			cell->values[0] = p->time.classes_ns[class];
			cell->errors[0] = class <= TIME_cpu_kernel ? error : 0;
		}
	}
	cells_sort(&c);
	for (size_t first = 0, n; first < c.n; first += n) {
		struct delta *delta = c.list[first].row ? &d->classes[c.list[first].row - 1] : &d->wall;

		n = cells_row(&c, first);
		*delta = cells_delta(&c, first, n, 0, false);
	}
	cells_clear(&c);
}

/* ---- functions -------------------------------------------------------------------------------------------------------- */

enum { SELF, TOTAL, WAIT };

struct function_table {
	struct difference *d;
	struct cells cells;
	uint32_t *lines;        /* by thing */
	size_t n_lines;
};

/* By merged frame and thread, the time of the samples that end in it or hold it. */
static void count_hits(const struct profile *p, const int32_t *merged, double *self, double *total)
{
	_cleanup_free_ size_t *seen = xcalloc(p->n_frames, sizeof *seen);
	size_t n_threads = p->work.n_threads;

	for (size_t i = 0; i < p->work.n_samples; i++) {
		const struct sample *s = &p->work.samples[i];

		if (s->stack >= 0)
			self[merged[p->stacks[s->stack].frame] * n_threads + s->thread] += s->weight_ns;
		for (int32_t at = s->stack; at >= 0; at = p->stacks[at].parent) {
			int32_t frame = merged[p->stacks[at].frame];

			if (seen[frame] == i + 1)
				continue;
			seen[frame] = i + 1;
			total[frame * n_threads + s->thread] += s->weight_ns;
		}
	}
}

/* The errors of the functions of the one profile of its side. */
static void add_errors(struct function_table *t, const struct profile *p, const int32_t *merged, const struct function *list, size_t n, size_t column)
{
	size_t n_threads = p->work.n_threads;
	_cleanup_free_ double *self = xcalloc(p->n_frames * n_threads, sizeof *self);
	_cleanup_free_ double *total = xcalloc(p->n_frames * n_threads, sizeof *total);
	struct cell *cells = t->cells.list + t->cells.n - n;
	struct sampling s;

	count_hits(p, merged, self, total);
	sampling_init(&s, p);
	for (size_t i = 0; i < n; i++) {
		if (list[i].frame < 0)
			continue;
		cells[i].errors[SELF] = sampling_error(&s, self + list[i].frame * n_threads);
		cells[i].errors[TOTAL] = sampling_error(&s, total + list[i].frame * n_threads);
	}
	*(column < t->cells.n_a ? &t->cells.none_a : &t->cells.none_b) = sampling_error_of_none(&s);
	sampling_clear(&s);
}

static void set_line(struct function_table *t, int32_t thing, uint32_t line)
{
	if ((size_t)thing >= t->n_lines) {
		size_t n = 2 * (size_t)thing + 16;

		t->lines = xrealloc(t->lines, n, sizeof *t->lines);
		memset(t->lines + t->n_lines, 0, (n - t->n_lines) * sizeof *t->lines);
		t->n_lines = n;
	}
	t->lines[thing] = line;
}

static void add_functions(struct function_table *t, size_t column)
{
	const struct profile *p = profile_at(t->d, column);
	_cleanup_free_ int32_t *merged = frames_merge(p);
	size_t n;
	_cleanup_free_ struct function *list = functions_list(p, merged, &n);

	for (size_t i = 0; i < n; i++) {
		int32_t thing = list[i].frame < 0 ? -1 : alike_frame(t->d->alike, &p->frames[list[i].frame]);
		struct cell *cell = cells_add(&t->cells, thing, column);

		cell->values[SELF] = list[i].self_ns;
		cell->values[TOTAL] = list[i].total_ns;
		cell->values[WAIT] = list[i].wait_ns;
		if (thing >= 0)
			set_line(t, thing, list[i].line);
	}
	if (n && is_alone(t->d, column))
		add_errors(t, p, merged, list, n, column);
}

static double change(const struct delta *d)
{
	return fabs(delta_change(d));
}

static int by_self(const void *va, const void *vb)
{
	const struct function_delta *a = va, *b = vb;
	double x = change(&a->self), y = change(&b->self);

	if (x == y) {
		x = change(&a->total);
		y = change(&b->total);
	}
	if (x != y)
		return x < y ? 1 : -1;
	return a->frame && b->frame ? strcmp(a->frame->function, b->frame->function) : !a->frame - !b->frame;
}

static void compare_functions(struct difference *d)
{
	struct function_table t = {.d = d, .cells = {.n_a = d->a.n, .n_b = d->b.n}};

	for (size_t i = 0; i < d->a.n + d->b.n; i++)
		add_functions(&t, i);
	cells_sort(&t.cells);
	d->functions = xcalloc(t.cells.n, sizeof *d->functions);
	for (size_t first = 0, n; first < t.cells.n; first += n) {
		struct function_delta *f = &d->functions[d->n_functions++];
		int32_t thing = t.cells.list[first].row;

		n = cells_row(&t.cells, first);
		f->frame = thing < 0 ? NULL : alike_get_frame(d->alike, thing);
		f->line = thing < 0 ? 0 : t.lines[thing];
		f->self = cells_delta(&t.cells, first, n, SELF, true);
		f->total = cells_delta(&t.cells, first, n, TOTAL, true);
		f->wait = cells_delta(&t.cells, first, n, WAIT, false);
	}
	qsort(d->functions, d->n_functions, sizeof *d->functions, by_self);
	free(t.lines);
	cells_clear(&t.cells);
}

/* ---- waits -------------------------------------------------------------------------------------------------------------- */

static int by_total(const void *va, const void *vb)
{
	const struct wait_delta *a = va, *b = vb;
	double x = change(&a->total), y = change(&b->total);

	if (x != y)
		return x < y ? 1 : -1;
	return a->cause != b->cause ? (int)a->cause - (int)b->cause : strcmp(a->object ? a->object : "", b->object ? b->object : "");
}

/* A row is a cause of an object. */
static void add_waits(struct difference *d, struct cells *c, size_t column)
{
	const struct profile *p = profile_at(d, column);
	size_t n;
	_cleanup_free_ struct wait_group *groups = wait_groups(p, &n);

	for (size_t i = 0; i < n; i++) {
		int32_t row = alike_object(d->alike, p, groups[i].object) * N_TIME_CLASSES + groups[i].cause;
		struct cell *cell = cells_add(c, row, column);

		cell->values[0] = groups[i].total_ns;
		cell->values[1] = groups[i].count;
		cell->values[2] = groups[i].median_ns;
	}
}

/* Awaits stand for wall time in which no thread waited for the request. */
static void add_awaits(struct difference *d, struct cells *c, size_t column)
{
	const struct profile *p = profile_at(d, column);

	for (size_t i = 0; i < p->n_awaits; i++) {
		const struct await *a = &p->awaits[i];
		_cleanup_free_ char *object = xasprintf("%s%s%s", time_class_labels[a->cause], a->object ? " " : "", a->object ? a->object : "");
		struct cell *cell = cells_add(c, alike_object(d->alike, p, object) * N_TIME_CLASSES + TIME_suspended, column);

		cell->values[0] = a->suspended_ns;
		cell->values[1] = 1;
	}
}

static void compare_waits(struct difference *d)
{
	struct cells c = {.n_a = d->a.n, .n_b = d->b.n};

	for (size_t i = 0; i < d->a.n + d->b.n; i++) {
		add_waits(d, &c, i);
		add_awaits(d, &c, i);
	}
	cells_sort(&c);
	d->waits = xcalloc(c.n, sizeof *d->waits);
	for (size_t first = 0, n; first < c.n; first += n) {
		struct wait_delta *w = &d->waits[d->n_waits++];

		n = cells_row(&c, first);
		w->cause = c.list[first].row % N_TIME_CLASSES;
		w->object = alike_get_text(d->alike, c.list[first].row / N_TIME_CLASSES);
		w->total = cells_delta(&c, first, n, 0, false);
		w->count = cells_delta(&c, first, n, 1, false);
		w->median = cells_delta(&c, first, n, 2, false);
	}
	qsort(d->waits, d->n_waits, sizeof *d->waits, by_total);
	cells_clear(&c);
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------ */

struct difference *difference_new(const char *route, const struct side *a, const struct side *b)
{
	struct difference *d = xcalloc(1, sizeof *d);

	d->route = xstrdup(route);
	d->a = *a;
	d->b = *b;
	d->alike = alike_new();
	compare_time(d);
	compare_functions(d);
	compare_waits(d);
	difference_tree(d);
	return d;
}

void difference_free(struct difference *d)
{
	if (!d)
		return;
	alike_free(d->alike);
	free(d->route);
	free(d->functions);
	free(d->waits);
	free(d->nodes);
	free(d->children);
	free(d);
}

bool difference_is_any(const struct difference *d)
{
	bool any = d->wall.beyond;

	for (int c = 0; c < N_TIME_CLASSES; c++)
		any |= d->classes[c].beyond;
	for (size_t i = 0; i < d->n_functions; i++)
		any |= d->functions[i].self.beyond || d->functions[i].total.beyond;
	for (size_t i = 0; i < d->n_waits; i++)
		any |= d->waits[i].total.beyond || d->waits[i].count.beyond;
	return any;
}
