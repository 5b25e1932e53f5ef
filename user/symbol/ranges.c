/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/ranges.h"

#include <stdlib.h>

#include "base/alloc.h"

#define NESTED_MAX 16 /* ranges that begin and end between an address and the begin of the one that holds it */

void ranges_add(struct ranges *r, uint64_t begin, uint64_t end, uint64_t value)
{
	if (begin >= end)
		return;
	GROW(r->list, r->n, r->cap);
	r->list[r->n++] = (struct range){.begin = begin, .end = end, .value = value};
}

static int compare(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	if (a->begin != b->begin)
		return a->begin < b->begin ? -1 : 1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	return a->value < b->value ? -1 : a->value > b->value;
}

void ranges_sort(struct ranges *r)
{
	if (r->n)
		qsort(r->list, r->n, sizeof *r->list, compare);
}

void ranges_clear(struct ranges *r)
{
	free(r->list);
	*r = (struct ranges){0};
}

bool ranges_find(const struct ranges *r, uint64_t address, uint64_t *ret_value)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->list[middle].begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < NESTED_MAX && i < low; i++) {
		if (address >= r->list[low - 1 - i].end)
			continue;
		*ret_value = r->list[low - 1 - i].value;
		return true;
	}
	return false;
}
