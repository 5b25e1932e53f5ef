/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Call frame information (DWARF 5 §6.4, Linux Standard Base §10.6) as rows of 8 bytes (struct rp_row), by libdw.
 *
 * Only what leads to the caller is kept: the CFA, rbp, the return address. Expressions are matched against the few that compilers, linkers and
 * assembler programmers write, never interpreted. The file is hostile input: what is inconsistent is as if it were not there.
 */
#ifndef REQPROF_CFI_H
#define REQPROF_CFI_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "reqprof.h"
#include "symbol/elf.h"

#define CFI_ROWS_MAX (8U << 20)  /* of one file; libLLVM-14 has 0.8 million */

struct cfi_rows {
	uint64_t base;          /* address in the file that pc counts from, a multiple of 256 */
	struct rp_row *rows;    /* by pc, one each; a row holds up to the next, the last one is RP_ROW_NONE */
	size_t n, cap;
	size_t lost;            /* of them RP_ROW_LOST */
	size_t cut;             /* functions left out: more than CFI_ROWS_MAX, or inconsistent */
};

/* The rows of a file, from .eh_frame or what PT_GNU_EH_FRAME names, and from .debug_frame where those have none. Free them in any case. 0, or
 * −ENODATA: it has none (rows->n is 0). */
int cfi_rows(const struct elf_file *elf, struct cfi_rows *ret);
void cfi_rows_free(struct cfi_rows *rows);

#endif
