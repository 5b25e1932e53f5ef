/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/cells.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct cell *cells_add(struct cells *c, int32_t row, uint32_t column)
{
	GROW(c->list, c->n, c->cap);
	c->list[c->n] = (struct cell){.row = row, .column = column};
	return &c->list[c->n++];
}

void cells_clear(struct cells *c)
{
	free(c->list);
	*c = (struct cells){0};
}

static int by_row(const void *va, const void *vb)
{
	const struct cell *a = va, *b = vb;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

void cells_sort(struct cells *c)
{
	if (c->n)
		qsort(c->list, c->n, sizeof *c->list, by_row);
}

size_t cells_row(const struct cells *c, size_t first)
{
	size_t end = first;

	while (end < c->n && c->list[end].row == c->list[first].row)
		end++;
	return end - first;
}

struct delta cells_delta(const struct cells *c, size_t first, size_t n, unsigned value, bool sampled)
{
	_cleanup_free_ double *values = xcalloc(c->n_a + c->n_b, sizeof *values);
	double error_a = sampled ? c->none_a : 0, error_b = sampled ? c->none_b : 0;

	for (size_t i = first; i < first + n; i++) {
		const struct cell *cell = &c->list[i];

		values[cell->column] += cell->values[value];
		if (cell->column < c->n_a)
			error_a = cell->errors[value];
		else
			error_b = cell->errors[value];
	}
	return delta_of(values, c->n_a, error_a, values + c->n_a, c->n_b, error_b);
}
