/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The large tables in the page's document, as columns (page_columns.h, which says what `packed` is), in place of the JSON format's rows. Of a table
 * with times, `dt` is t, from the second row on its difference to that before.
 */
#ifndef REQPROF_PAGE_TABLES_H
#define REQPROF_PAGE_TABLES_H

#include "format/page_columns.h"
#include "profile/profile.h"

/* {"n", "parent", "frame"} */
void page_stacks(struct json *j, const struct profile *p, FILE *packed);

/* {"n", "dt", "thread", "task", "stack", "weight_ns", "bound", "edge"}; edge: 1 for a sample that stands for a slice without a tick, at whose edge it
 * was taken. */
void page_samples(struct json *j, const struct work *w, FILE *packed);

/* {"n", "dt", "duration_ns", "runnable_ns", "thread", "task", "stack", "cause", "object", "waker", "objects":[string, …],
 *  "wakers":[{"pid", "tid", "comm", "stack"}, …]}: each different object and waker once, columns refer to them by index, −1 = none; cause: the number
 * of the class. */
void page_waits(struct json *j, const struct work *w, FILE *packed);

#endif
