/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/page_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/json_waits.h"

void page_stacks(struct json *j, const struct profile *p, FILE *packed)
{
	struct page_columns c = page_columns_begin(j, packed, p->n_stacks);

	PAGE_COLUMN(&c, "parent", p->stacks[i].parent);
	PAGE_COLUMN(&c, "frame", p->stacks[i].frame);
	page_columns_end(&c);
}

void page_samples(struct json *j, const struct work *w, FILE *packed)
{
	struct page_columns c = page_columns_begin(j, packed, w->n_samples);
	const struct sample *samples = w->samples;

	PAGE_COLUMN(&c, "dt", samples[i].t - (i ? samples[i - 1].t : 0));
	PAGE_COLUMN(&c, "thread", samples[i].thread);
	PAGE_COLUMN(&c, "task", samples[i].task);
	PAGE_COLUMN(&c, "stack", samples[i].stack);
	PAGE_COLUMN(&c, "weight_ns", samples[i].weight_ns);
	PAGE_COLUMN(&c, "bound", samples[i].bound);
	PAGE_COLUMN(&c, "edge", samples[i].edge);
	page_columns_end(&c);
}

/* ---- waits: what they were for and who ended them, each once ------------------------------------------------------- */

/* The waits in an order in which equal ones are neighbours, and of each wait the number of its value. */
struct numbers {
	const struct wait **sorted;
	int32_t *of;            /* by wait; −1 = none */
	size_t n;
};

typedef int (*comparison)(const void *va, const void *vb);

static int compare_strings(const char *a, const char *b)
{
	if (a == b)
		return 0;
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int by_object(const void *va, const void *vb)
{
	const struct wait *a = *(const struct wait *const *)va, *b = *(const struct wait *const *)vb;

	return compare_strings(a->object, b->object);
}

static int by_waker(const void *va, const void *vb)
{
	const struct waker *a = &(*(const struct wait *const *)va)->waker, *b = &(*(const struct wait *const *)vb)->waker;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->stack != b->stack)
		return a->stack < b->stack ? -1 : 1;
	return compare_strings(a->comm, b->comm);
}

/* Number the different values of the waits for which `has` is true. */
static struct numbers number(const struct work *w, bool (*has)(const struct wait *wait), comparison compare)
{
	struct numbers numbers = {.sorted = xcalloc(w->n_waits, sizeof *numbers.sorted), .of = xcalloc(w->n_waits, sizeof *numbers.of)};
	size_t n = 0;

	for (size_t i = 0; i < w->n_waits; i++) {
		numbers.of[i] = -1;
		if (has(&w->waits[i]))
			numbers.sorted[n++] = &w->waits[i];
	}
	if (n)
		qsort(numbers.sorted, n, sizeof *numbers.sorted, compare);
	for (size_t i = 0; i < n; i++) {
		const struct wait *wait = numbers.sorted[i];

		if (!i || compare(&numbers.sorted[numbers.n - 1], &wait))
			numbers.sorted[numbers.n++] = wait;
		numbers.of[wait - w->waits] = numbers.n - 1;
	}
	return numbers;
}

static void numbers_free(struct numbers *numbers)
{
	free(numbers->sorted);
	free(numbers->of);
}

static bool has_object(const struct wait *wait)
{
	return wait->object;
}

static bool has_waker(const struct wait *wait)
{
	return wait->has_waker;
}

static void put_objects(struct json *j, const struct numbers *objects)
{
	json_line(j);
	json_key(j, "objects");
	json_array(j);
	for (size_t i = 0; i < objects->n; i++)
		json_string(j, objects->sorted[i]->object);
	json_array_end(j);
}

static void put_wakers(struct json *j, const struct numbers *wakers)
{
	json_line(j);
	json_key(j, "wakers");
	json_array(j);
	for (size_t i = 0; i < wakers->n; i++)
		json_waker(j, &wakers->sorted[i]->waker);
	json_array_end(j);
}

void page_waits(struct json *j, const struct work *w, FILE *packed)
{
	struct numbers objects = number(w, has_object, by_object), wakers = number(w, has_waker, by_waker);
	struct page_columns c = page_columns_begin(j, packed, w->n_waits);
	const struct wait *waits = w->waits;

	PAGE_COLUMN(&c, "dt", waits[i].t - (i ? waits[i - 1].t : 0));
	PAGE_COLUMN(&c, "duration_ns", waits[i].duration_ns);
	PAGE_COLUMN(&c, "runnable_ns", waits[i].runnable_ns);
	PAGE_COLUMN(&c, "thread", waits[i].thread);
	PAGE_COLUMN(&c, "task", waits[i].task);
	PAGE_COLUMN(&c, "stack", waits[i].stack);
	PAGE_COLUMN(&c, "cause", waits[i].cause);
	PAGE_COLUMN(&c, "object", objects.of[i]);
	PAGE_COLUMN(&c, "waker", wakers.of[i]);
	put_objects(j, &objects);
	put_wakers(j, &wakers);
	page_columns_end(&c);
	numbers_free(&objects);
	numbers_free(&wakers);
}
