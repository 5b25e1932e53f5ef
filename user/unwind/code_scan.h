/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What x86_64 machine code says about itself, byte by byte, without taking it apart: where it jumps, which numbers it has. That may find a jump
 * where there is none, so nothing is followed that is not a function by its call frame information.
 */
#ifndef REQPROF_CODE_SCAN_H
#define REQPROF_CODE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/elf.h"
#include "unwind/fde_list.h"

struct code_range {
	uint64_t start, end;    /* addresses in the file */
};

/* The entry that covers an address, NULL = none. */
const struct fde *code_function(const struct fde_list *fdes, uint64_t address);

/* Compilers move what is rarely run out of a function: such parts of the code in `ranges` are added, up to `max` ranges in all. They have entries of
 * their own, whose CFA does not begin at rsp + 8, and are jumped to. */
void code_add_cold_parts(const struct elf_file *elf, const struct fde_list *fdes, struct code_range *ranges, size_t *n, size_t max);

/* Does the function at this address, or one that it calls or jumps to, have this number (of 4 bytes) in its instructions? */
bool code_mentions(const struct elf_file *elf, const struct fde_list *fdes, uint64_t address, uint32_t number);

/* Where to put a breakpoint into a function that is met once in each call, and that the kernel emulates instead of stepping over it (a push, jump or
 * call: arch/x86/kernel/uprobes.c): bytes from its begin, 0 if there is none before something unknown. `code`: its first n bytes. */
size_t code_probe_offset(const uint8_t *code, size_t n);

/* The same at its begin, where its arguments and the stack are as the caller left them: only the mark of a branch target, which would have to be
 * stepped over, is left out. */
size_t code_entry_offset(const uint8_t *code, size_t n);

/* Do these instructions, those before that place, move the stack pointer? There is no push and no call among them. */
bool code_moves_stack(const uint8_t *code, size_t n);

#endif
