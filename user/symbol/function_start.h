/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stripped file still says of its functions: where each begins, as unwinding needs that. */
#ifndef REQPROF_FUNCTION_START_H
#define REQPROF_FUNCTION_START_H

#include <stdint.h>

#include "symbol/elf.h"

/* Where the function begins that has an address of the file; the address itself where that is not known. */
uint64_t function_start(const struct elf_file *elf, uint64_t address);

#endif
