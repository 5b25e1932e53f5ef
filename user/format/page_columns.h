/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Columns of numbers in the page's document: arrays in a small one, so that the page's source can be read. In a large one they stand apart from
 * the JSON as bytes, which a browser reads many times faster and deflate makes smaller, and the JSON has for each
 *
 *   {"at":…, "min":…, "bytes":…}    its place; what is to be added to each number; bytes of a number, 0 to 8
 *
 * First come the lowest bytes of all its numbers, then the next higher ones, and so on: neighbours that are alike stand side by side.
 */
#ifndef REQPROF_PAGE_COLUMNS_H
#define REQPROF_PAGE_COLUMNS_H

#include <stdint.h>
#include <stdio.h>

#include "base/json.h"

struct page_columns {
	struct json *j;
	FILE *packed;           /* the bytes; NULL: columns are arrays */
	size_t n;               /* rows */
	int64_t *values;        /* of the column that is written next */
};

/* A table of n rows: an object, to which the caller gives columns. page_columns_end ends it. */
struct page_columns page_columns_begin(struct json *j, FILE *packed, size_t n);
void page_columns_end(struct page_columns *c);

/* A column of c->values. Errors are those of the streams. */
void page_column(struct page_columns *c, const char *name);

/* The same of an expression, in which i is the row. */
#define PAGE_COLUMN(c, name, value)                    \
	do {                                           \
		for (size_t i = 0; i < (c)->n; i++)    \
			(c)->values[i] = (value);      \
		page_column((c), (name));              \
	} while (0)

#endif
