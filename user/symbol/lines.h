/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Source lines and inlined functions from DWARF, by libdw. What is asked for is indexed once: compilation units by address at the first
 * question, the functions of a unit at the first one about it.
 */
#ifndef REQPROF_LINES_H
#define REQPROF_LINES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/symbolizer.h"

struct source_place {
	const char *function;   /* as DWARF has it: mangled if it has that; NULL = unknown */
	const char *file;       /* NULL = unknown */
	uint32_t line;          /* 0 = unknown */
	bool inlined;           /* into the next one */
};

struct lines;

/* NULL: the file has no usable DWARF. It must stay open while the lines are used. `alt`: its supplementary file (dwz) if there is one, else
 * NULL; it must stay open too and stays the caller's. */
struct lines *lines_open(Elf *elf, Dwarf *alt);
void lines_close(struct lines *lines); /* NULL is fine */

/* What they are from; it stays theirs. */
Dwarf *lines_dwarf(struct lines *lines);

/* What is at an address of the file: the innermost inlined function first, the function itself last. Returns their number, 0 = nothing is
 * known. The strings live as long as `lines`. */
size_t lines_find(struct lines *lines, uint64_t address, struct source_place places[INLINED_MAX]);

#endif
