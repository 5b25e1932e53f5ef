/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which line an instruction of CPython's byte code belongs to. */
#ifndef REQPROF_PYTHON_LINE_H
#define REQPROF_PYTHON_LINE_H

#include <stddef.h>
#include <stdint.h>

#define PYTHON_LINE_BEFORE UINT32_MAX /* before the first instruction */

/* instr: bytes from the first instruction, or PYTHON_LINE_BEFORE. The table is what the code object has: co_lnotab up to 3.9, co_linetable in 3.10,
 * the location table from 3.11 on (CPython: Objects/lnotab_notes.txt, InternalDocs/code_objects.md). version: 0x0308 … What the compiler
 * added and gave no line (cells and generators at a function's begin, ends of `with` and `except`) has the line of what comes before it, or the
 * function's first. Returns 0 if the table ends before, or is nonsense. */
uint32_t python_line(uint16_t version, const uint8_t *table, size_t n, uint32_t first_line, uint32_t instr);

#endif
