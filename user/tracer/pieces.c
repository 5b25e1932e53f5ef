/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define BLOCK (1U << RP_BLOCK_SHIFT)
#define PIECE_CELLS (RP_CHUNK_CELLS / 4) /* so that little of a chunk is left over */
#define ROWS_MAX (PIECE_CELLS / 4 * 3)
#define BLOCKS_MAX (2 * (PIECE_CELLS - ROWS_MAX) - 8)

bool rows_valid(const struct rp_row *rows, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (rows[i].pc <= rows[i - 1].pc)
			return false;
	return true;
}

/* How many of the rows are one piece, and where that ends. A gap larger than a piece can span is in none. */
static size_t piece_rows(const struct rp_row *rows, size_t n, uint64_t *ret_end)
{
	uint64_t base = rows[0].pc & ~(BLOCK - 1), limit = base + (uint64_t)BLOCKS_MAX * BLOCK;
	size_t i = 1;

	while (i < n && i < ROWS_MAX && rows[i].pc < limit)
		i++;
	*ret_end = i < n && rows[i].pc < limit ? rows[i].pc : i == n ? rows[n - 1].pc + 1ULL : limit;
	return i;
}

/* The index, behind the rows: for every block, and one more, the cell of the first row that begins there or later. */
static void write_index(uint32_t *index, size_t n_blocks, const struct rp_row *rows, size_t n, uint32_t first)
{
	size_t row = 0;

	for (size_t block = 0; block <= n_blocks; block++) {
		while (row < n && rows[row].pc < block * BLOCK)
			row++;
		index[block] = first + row;
	}
}

static int add_piece(struct pieces *p, struct cells *cells, uint64_t base, const struct rp_row *rows, size_t n, uint64_t end)
{
	uint32_t skipped = rows[0].pc & ~(BLOCK - 1), n_blocks = (end - skipped + BLOCK - 1) / BLOCK;
	uint32_t n_cells = 1 + n + (n_blocks + 2) / 2, at;
	struct rp_row *copy;
	int r = cells_take(cells, n_cells, &at);

	if (r)
		return r;
	copy = (struct rp_row *)cells_at(cells, at);
	copy[0] = (struct rp_row){.rule = RP_ROW_NONE};
	copy++;
	for (size_t i = 0; i < n; i++) {
		copy[i] = rows[i];
		copy[i].pc -= skipped;
	}
	write_index((uint32_t *)(copy + n), n_blocks, copy, n, (at & (RP_CHUNK_CELLS - 1)) + 1);
	GROW(p->list, p->n, p->cap);
	p->list[p->n++] = (struct piece){.start = base + rows[0].pc, .end = base + end, .base = base + skipped,
					 .rows = at + 1, .index = 2 * (at + 1 + n), .cells = at, .n_cells = n_cells};
	return 0;
}

int pieces_add(struct pieces *p, struct cells *cells, uint64_t base, const struct rp_row *rows, size_t n)
{
	uint64_t end;
	int r = 0;

	for (size_t i = 0, taken; i < n && !r; i += taken) {
		taken = piece_rows(rows + i, n - i, &end);
		r = add_piece(p, cells, base, rows + i, taken, end);
	}
	if (r)
		pieces_free(p, cells);
	return r;
}

void pieces_free(struct pieces *p, struct cells *cells)
{
	for (size_t i = 0; i < p->n; i++)
		cells_give_back(cells, p->list[i].cells, p->list[i].n_cells);
	free(p->list);
	*p = (struct pieces){0};
}
