/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/cfi.h"

#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "unwind/fde_list.h"
#include "unwind/frame_row.h"
#include "unwind/unwinders.h"

#define PADDING_MAX 15      /* bytes between functions that belong to the one before: nobody runs them */
#define WORK_MAX (1ULL << 30) /* bytes of entries that are run: libdw begins anew for every row */

struct builder {
	const struct fde_list *fdes;
	struct cfi_rows *rows;
	uint64_t end;           /* of the function before */
	uint64_t work;
};

static bool same(const struct rp_row *a, const struct rp_row *b)
{
	return a->cfa == b->cfa && a->rule == b->rule;
}

/* In the order of their addresses; what would go back belongs to entries that contradict each other. */
static void add_row(struct builder *b, uint64_t pc, struct rp_row row)
{
	struct cfi_rows *rows = b->rows;
	const struct rp_row *last = rows->n ? &rows->rows[rows->n - 1] : NULL;

	row.pc = pc - rows->base;
	if (last && (row.pc <= last->pc || same(last, &row)))
		return;
	rows->lost += (row.rule & 15) == RP_ROW_LOST;
	GROW(rows->rows, rows->n, rows->cap);
	rows->rows[rows->n++] = row;
}

/* Where the function before ends: nothing is known from there. */
static void close_gap(struct builder *b, uint64_t start)
{
	if (b->rows->n && start - b->end > PADDING_MAX)
		add_row(b, b->end, (struct rp_row){.rule = RP_ROW_NONE});
}

/* One row. Returns where it ends, 0 = it cannot be had. */
static uint64_t add_frame(struct builder *b, const struct fde *fde, uint64_t pc)
{
	Dwarf_Frame *frame;
	Dwarf_Addr start, end;
	bool signal;

	b->work += fde->size;
	if (b->work > WORK_MAX || dwarf_cfi_addrframe(b->fdes->cfi[fde->source], pc, &frame))
		return 0;
	dwarf_frame_info(frame, &start, &end, &signal);
	if (signal && b->rows->n && pc - 1 >= b->end)
		add_row(b, pc - 1, frame_row(frame, signal)); /* it is looked up like a return address */
	else
		add_row(b, pc, frame_row(frame, signal));
	free(frame);
	return end > pc ? end : 0;
}

static void add_function(struct builder *b, const struct fde *fde)
{
	uint64_t pc = fde->start < b->end ? b->end : fde->start, next = pc;

	if (pc >= fde->end)
		return;
	if (fde->start < b->rows->base || fde->end - b->rows->base > UINT32_MAX || b->rows->n >= CFI_ROWS_MAX) {
		b->rows->cut++;
		return;
	}
	close_gap(b, pc);
	if (fde->source == FDE_SIGNAL_RETURN)
		add_row(b, pc, (struct rp_row){.rule = RP_ROW_SIGNAL});
	else
		for (; pc < fde->end && (next = add_frame(b, fde, pc)); pc = next)
			;
	if (!next) {
		b->rows->cut++;
		add_row(b, pc, (struct rp_row){.rule = RP_ROW_LOST});
	}
	b->end = fde->end;
}

/* The lowest address of code: rows can count from there with 32 bits. */
static uint64_t lowest_code(const struct elf_file *elf)
{
	uint64_t lowest = UINT64_MAX;

	for (size_t i = 0; i < elf->n_segments; i++)
		if (elf->segments[i].executable && elf->segments[i].address < lowest)
			lowest = elf->segments[i].address;
	return lowest & ~255ULL;
}

int cfi_rows(const struct elf_file *elf, struct cfi_rows *ret)
{
	struct fde_list fdes;
	struct builder b = {.fdes = &fdes, .rows = ret};

	*ret = (struct cfi_rows){.base = lowest_code(elf)};
	fde_list_read(elf, &fdes);
	for (size_t i = 0; i < fdes.n; i++)
		add_function(&b, &fdes.list[i]);
	if (ret->n)
		add_row(&b, b.end, (struct rp_row){.rule = RP_ROW_NONE});
	fde_list_free(&fdes);
	return ret->n ? 0 : -ENODATA;
}

void cfi_rows_free(struct cfi_rows *rows)
{
	free(rows->rows);
	*rows = (struct cfi_rows){0};
}

const struct unwinder unwinder_cfi = {
	.name = "call frame information",
	.covers = "executables and libraries with .eh_frame or .debug_frame, however they are compiled",
};
