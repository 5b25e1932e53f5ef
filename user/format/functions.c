/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/functions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define Z_95 1.959964 /* two-sided 95 % quantile of the normal distribution */

/* ---- frames of one function -------------------------------------------------------------------------------------- */

struct keyed_frame {
	const struct frame *frame;
	int32_t index;
};

static int compare_strings(const char *a, const char *b)
{
	if (a == b)
		return 0;
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_functions(const struct frame *a, const struct frame *b)
{
	int order = compare_strings(a->function, b->function);

	if (!order)
		order = compare_strings(a->file, b->file);
	if (!order)
		order = compare_strings(a->module, b->module);
	return order ? order : (int)a->kind - (int)b->kind;
}

static int compare_keyed(const void *va, const void *vb)
{
	const struct keyed_frame *a = va, *b = vb;
	int order = compare_functions(a->frame, b->frame);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

int32_t *frames_merge(const struct profile *p)
{
	_cleanup_free_ struct keyed_frame *sorted = xcalloc(p->n_frames, sizeof *sorted);
	int32_t *merged = xcalloc(p->n_frames, sizeof *merged);

	for (size_t i = 0; i < p->n_frames; i++)
		sorted[i] = (struct keyed_frame){&p->frames[i], i};
	qsort(sorted, p->n_frames, sizeof *sorted, compare_keyed);
	for (size_t i = 0; i < p->n_frames; i++) {
		bool same = i && !compare_functions(sorted[i - 1].frame, sorted[i].frame);

		merged[sorted[i].index] = same ? merged[sorted[i - 1].index] : sorted[i].index;
	}
	return merged;
}

/* ---- the list ---------------------------------------------------------------------------------------------------- */

struct stack_time {
	uint64_t cpu_ns, wait_ns;
	size_t samples;
};

/* Time by stack, the last element for none. */
static struct stack_time *time_by_stack(const struct profile *p)
{
	struct stack_time *times = xcalloc(p->n_stacks + 1, sizeof *times);

	for (size_t i = 0; i < p->work.n_samples; i++) {
		const struct sample *s = &p->work.samples[i];
		struct stack_time *time = &times[s->stack < 0 ? p->n_stacks : (size_t)s->stack];

		time->cpu_ns += s->weight_ns;
		time->samples++;
	}
	for (size_t i = 0; i < p->work.n_waits; i++) {
		const struct wait *w = &p->work.waits[i];

		times[w->stack < 0 ? p->n_stacks : (size_t)w->stack].wait_ns += w->duration_ns + w->runnable_ns;
	}
	return times;
}

/* A function that stands in a stack more than once counts once: `seen` remembers the last stack that it was counted for. */
static void add_stack(const struct profile *p, const int32_t *merged, struct function *by_frame, int32_t *seen, int32_t stack,
		      const struct stack_time *time)
{
	for (int32_t s = stack; s >= 0; s = p->stacks[s].parent) {
		int32_t frame = merged[p->stacks[s].frame];

		if (seen[frame] == stack + 1)
			continue;
		seen[frame] = stack + 1;
		by_frame[frame].total_ns += time->cpu_ns;
		by_frame[frame].wait_ns += time->wait_ns;
		by_frame[frame].samples += time->samples;
	}
	by_frame[merged[p->stacks[stack].frame]].self_ns += time->cpu_ns;
}

/* The line of each function with the most time at the end of a stack, else of the first of its frames. */
static void choose_lines(const struct profile *p, const int32_t *merged, const struct stack_time *times, struct function *by_frame)
{
	_cleanup_free_ uint64_t *of_frame = xcalloc(p->n_frames, sizeof *of_frame);
	_cleanup_free_ uint64_t *most = xcalloc(p->n_frames, sizeof *most);

	for (size_t i = 0; i < p->n_stacks; i++)
		of_frame[p->stacks[i].frame] += times[i].cpu_ns;
	for (size_t i = 0; i < p->n_frames; i++)
		by_frame[i].line = p->frames[i].line;
	for (size_t i = 0; i < p->n_frames; i++) {
		if (of_frame[i] <= most[merged[i]])
			continue;
		most[merged[i]] = of_frame[i];
		by_frame[merged[i]].line = p->frames[i].line;
	}
}

static int heaviest_first(const void *va, const void *vb)
{
	const struct function *a = va, *b = vb;

	if (a->self_ns != b->self_ns)
		return a->self_ns < b->self_ns ? 1 : -1;
	if (a->total_ns != b->total_ns)
		return a->total_ns < b->total_ns ? 1 : -1;
	if (a->wait_ns != b->wait_ns)
		return a->wait_ns < b->wait_ns ? 1 : -1;
	return a->frame - b->frame;
}

struct function *functions_list(const struct profile *p, const int32_t *merged, size_t *ret_n)
{
	_cleanup_free_ struct stack_time *times = time_by_stack(p);
	_cleanup_free_ int32_t *seen = xcalloc(p->n_frames, sizeof *seen);
	struct function *list = xcalloc(p->n_frames + 1, sizeof *list);
	const struct stack_time *none = &times[p->n_stacks];
	size_t n = 0;

	for (size_t i = 0; i < p->n_stacks; i++)
		if (times[i].samples || times[i].wait_ns)
			add_stack(p, merged, list, seen, i, &times[i]);
	choose_lines(p, merged, times, list);
	for (size_t i = 0; i < p->n_frames; i++) {
		list[i].frame = i;
		if (list[i].samples || list[i].wait_ns)
			list[n++] = list[i];
	}
	if (none->cpu_ns)
		list[n++] = (struct function){-1, 0, none->cpu_ns, none->cpu_ns, 0, none->samples};
	qsort(list, n, sizeof *list, heaviest_first);
	*ret_n = n;
	return list;
}

/* ---- how far samples can be trusted ------------------------------------------------------------------------------ */

bool *stacks_ending_in(const struct profile *p, const int32_t *merged, int32_t frame)
{
	bool *stacks = xcalloc(p->n_stacks, sizeof *stacks);

	for (size_t i = 0; i < p->n_stacks; i++)
		stacks[i] = merged[p->stacks[i].frame] == frame;
	return stacks;
}

struct thread_samples {
	double weight, squares, hit;
};

double binomial_error(double share, double n)
{
	return Z_95 / (1 + Z_95 * Z_95 / n) * sqrt(share * (1 - share) / n + Z_95 * Z_95 / (4 * n * n));
}

double sampling_error_ns(const struct profile *p, const bool *stacks)
{
	_cleanup_free_ struct thread_samples *threads = xcalloc(p->work.n_threads, sizeof *threads);
	double variance = 0;

	for (size_t i = 0; i < p->work.n_samples; i++) {
		const struct sample *s = &p->work.samples[i];
		struct thread_samples *t = &threads[s->thread];

		t->weight += s->weight_ns;
		t->squares += (double)s->weight_ns * s->weight_ns;
		if (s->stack >= 0 && stacks[s->stack])
			t->hit += s->weight_ns;
	}
	for (size_t i = 0; i < p->work.n_threads; i++) {
		const struct thread_samples *t = &threads[i];
		double error = t->weight > 0 ? binomial_error(t->hit / t->weight, t->weight * t->weight / t->squares) * t->weight : 0;

		variance += error * error;
	}
	return sqrt(variance);
}

size_t ticks_count(const struct profile *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->work.n_samples; i++)
		n += !p->work.samples[i].edge;
	return n;
}
