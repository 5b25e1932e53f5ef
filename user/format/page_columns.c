/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/page_columns.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct page_columns page_columns_begin(struct json *j, FILE *packed, size_t n)
{
	struct page_columns c = {.j = j, .packed = packed, .n = n, .values = xcalloc(n, sizeof *c.values)};

	json_object(j);
	json_key_uint(j, "n", n);
	return c;
}

void page_columns_end(struct page_columns *c)
{
	json_object_end(c->j);
	free(c->values);
}

static void put_array(struct page_columns *c)
{
	json_array(c->j);
	for (size_t i = 0; i < c->n; i++)
		json_int(c->j, c->values[i]);
	json_array_end(c->j);
}

static int bytes_of(uint64_t max)
{
	int bytes = 0;

	for (; max; max >>= 8)
		bytes++;
	return bytes;
}

static void put_bytes(const struct page_columns *c, int64_t min, int bytes)
{
	_cleanup_free_ uint8_t *plane = xcalloc(c->n, 1);

	for (int byte = 0; byte < bytes; byte++) {
		for (size_t i = 0; i < c->n; i++)
			plane[i] = ((uint64_t)c->values[i] - min) >> 8 * byte;
		fwrite(plane, 1, c->n, c->packed);
	}
}

static void put_packed(struct page_columns *c)
{
	int64_t min = c->n ? c->values[0] : 0, max = min;
	int bytes;

	for (size_t i = 0; i < c->n; i++) {
		if (c->values[i] < min)
			min = c->values[i];
		if (c->values[i] > max)
			max = c->values[i];
	}
	bytes = bytes_of((uint64_t)max - min);
	json_object(c->j);
	json_key_int(c->j, "at", ftello(c->packed));
	json_key_int(c->j, "min", min);
	json_key_int(c->j, "bytes", bytes);
	json_object_end(c->j);
	put_bytes(c, min, bytes);
}

void page_column(struct page_columns *c, const char *name)
{
	json_line(c->j);
	json_key(c->j, name);
	if (c->packed)
		put_packed(c);
	else
		put_array(c);
}
