/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of one executable, in the form that the BPF side walks (reqprof.h): pieces of bounded size, each with an index. */
#ifndef REQPROF_PIECES_H
#define REQPROF_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracer/cells.h"

struct piece {
	uint64_t start, end;    /* addresses in the file */
	uint64_t base;          /* what the rows' pc and the index count from */
	uint32_t rows, index;   /* as in struct rp_text */
	uint32_t cells, n_cells; /* what it occupies */
};

struct pieces {
	struct piece *list;     /* by address, without overlap */
	size_t n, cap;
};

/* Do the rows ascend? Nothing else about them can do harm. */
bool rows_valid(const struct rp_row *rows, size_t n);

/* Lay out valid rows whose pc count from `base` (a multiple of 256). 0, or an error of cells_take(): nothing is kept then. */
int pieces_add(struct pieces *p, struct cells *cells, uint64_t base, const struct rp_row *rows, size_t n);
void pieces_free(struct pieces *p, struct cells *cells);

#endif
