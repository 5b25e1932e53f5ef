/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The functions of a file that have call frame information: their ranges, from the entries (FDEs) of its sections. */
#ifndef REQPROF_FDE_LIST_H
#define REQPROF_FDE_LIST_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/elf.h"

enum fde_source {
	FDE_EH_FRAME,
	FDE_DEBUG_FRAME,
	FDE_SIGNAL_RETURN,      /* no entry, but the instructions to which signal handlers return */
	FDE_SOURCES
};

struct fde {
	uint64_t start, end;    /* addresses in the file */
	uint32_t size;          /* bytes of its entry */
	enum fde_source source;
};

struct fde_list {
	struct fde *list;       /* by start, then by source */
	size_t n, cap;
	Dwarf_CFI *cfi[FDE_SOURCES]; /* NULL = there is none */
	Dwarf *dwarf;           /* owner of that of .debug_frame */
};

void fde_list_read(const struct elf_file *elf, struct fde_list *ret);
void fde_list_free(struct fde_list *l);

#endif
