/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A sparse table of numbers, a row for each thing that is compared and a column for each profile: those of side A, then those of side B. */
#ifndef REQPROF_CELLS_H
#define REQPROF_CELLS_H

#include <stdint.h>

#include "format/spread.h"

#define CELL_VALUES 3

struct cell {
	int32_t row;
	uint32_t column;
	double values[CELL_VALUES], errors[CELL_VALUES];
};

struct cells {
	struct cell *list;
	size_t n, cap;
	size_t n_a, n_b;        /* columns of either side, the caller's */
	double none_a, none_b;  /* error of what samples would show, where the one profile of a side has no cell */
};

struct cell *cells_add(struct cells *c, int32_t row, uint32_t column); /* zeroed, valid until the next one is added */
void cells_clear(struct cells *c);

void cells_sort(struct cells *c);

/* The number of cells of the row that begins at `first`, of a sorted table. */
size_t cells_row(const struct cells *c, size_t first);

/* The difference of one value of a row; several cells of one column add up. sampled: an absent cell has an error. */
struct delta cells_delta(const struct cells *c, size_t first, size_t n, unsigned value, bool sampled);

#endif
