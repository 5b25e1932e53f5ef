/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Call frame information as rows: what the BPF side relies on.
 *
 * links: unwind/cfi.c unwind/fde_list.c unwind/frame_row.c unwind/cfa_program.c unwind/unwinders.c unwind/fp.c symbol/elf.c
 * links: symbol/mapped.c base/alloc.c
 */
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "fuzz.h"
#include "unwind/cfi.h"

static void check(const struct cfi_rows *rows)
{
	MUST(!(rows->base & ((1 << RP_BLOCK_SHIFT) - 1)));
	MUST(rows->n <= rows->cap);
	for (size_t i = 0; i < rows->n; i++) {
		MUST(!i || rows->rows[i - 1].pc < rows->rows[i].pc);
		MUST(rows->base + rows->rows[i].pc >= rows->base);
		MUST((rows->rows[i].rule & 15) <= RP_ROW_LAST);
	}
	/* The last one ends the last function. */
	MUST(!rows->n || (rows->rows[rows->n - 1].rule & 15) == RP_ROW_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size), r;
	struct elf_file *elf = elf_file_open(fd);
	struct cfi_rows rows;

	close(fd);
	if (!elf)
		return 0;
	r = cfi_rows(elf, &rows);
	MUST(r == (rows.n ? 0 : -ENODATA));
	check(&rows);
	cfi_rows_free(&rows);
	elf_file_close(elf);
	return 0;
}
