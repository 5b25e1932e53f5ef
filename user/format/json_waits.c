/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/json_waits.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static void put_waker(struct json *j, const struct waker *waker)
{
	json_object(j);
	json_key_int(j, "pid", waker->pid);
	json_key_int(j, "tid", waker->tid);
	json_key_string(j, "comm", waker->comm);
	json_key_int(j, "stack", waker->stack);
	json_object_end(j);
}

void json_wait_rows(struct json *j, const struct work *w)
{
	json_array(j);
	for (size_t i = 0; i < w->n_waits; i++) {
		const struct wait *wait = &w->waits[i];

		json_line(j);
		json_object(j);
		json_key_uint(j, "t", wait->t);
		json_key_uint(j, "duration_ns", wait->duration_ns);
		json_key_uint(j, "runnable_ns", wait->runnable_ns);
		json_key_int(j, "thread", wait->thread);
		json_key_int(j, "task", wait->task);
		json_key_int(j, "stack", wait->stack);
		json_key_string(j, "cause", time_class_names[wait->cause]);
		json_key_string(j, "object", wait->object);
		json_key(j, "waker");
		if (wait->has_waker)
			put_waker(j, &wait->waker);
		else
			json_null(j);
		json_object_end(j);
	}
	json_array_end(j);
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

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
		put_waker(j, &wakers->sorted[i]->waker);
	json_array_end(j);
}

static void put_columns(struct json *j, const struct work *w, const struct numbers *objects, const struct numbers *wakers)
{
	const struct wait *waits = w->waits;

#define COLUMN(name, value, put)                          \
	do {                                              \
		json_line(j);                             \
		json_key(j, name);                        \
		json_array(j);                            \
		for (size_t i = 0; i < w->n_waits; i++)   \
			put(j, value);                    \
		json_array_end(j);                        \
	} while (0)

	COLUMN("dt", (int64_t)(waits[i].t - (i ? waits[i - 1].t : 0)), json_int);
	COLUMN("duration_ns", waits[i].duration_ns, json_uint);
	COLUMN("runnable_ns", waits[i].runnable_ns, json_uint);
	COLUMN("thread", waits[i].thread, json_int);
	COLUMN("task", waits[i].task, json_int);
	COLUMN("stack", waits[i].stack, json_int);
	COLUMN("cause", waits[i].cause, json_uint);
	COLUMN("object", objects->of[i], json_int);
	COLUMN("waker", wakers->of[i], json_int);
#undef COLUMN
}

void json_wait_columns(struct json *j, const struct work *w)
{
	struct numbers objects = number(w, has_object, by_object), wakers = number(w, has_waker, by_waker);

	json_object(j);
	put_objects(j, &objects);
	put_wakers(j, &wakers);
	put_columns(j, w, &objects, &wakers);
	json_object_end(j);
	numbers_free(&objects);
	numbers_free(&wakers);
}
