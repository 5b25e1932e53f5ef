/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where in a function of x86_64 a probe goes. */
#ifndef REQPROF_PLACE_H
#define REQPROF_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/elf.h"
#include "unwind/fde_list.h"

struct place_found {
	uint64_t address;       /* of an instruction: up to there those arguments are in their registers and the return address is on top of the stack */
	bool stepped;           /* the kernel has to step over it: 16 us a hit and not 0.6 */
};

#define PLACE_ARGUMENTS 6       /* all that are in registers */

/* `address`: of a function in the file, of whose arguments the first so many are read. False: it has no code there. */
bool place_find(const struct elf_file *elf, uint64_t address, unsigned int arguments, struct place_found *ret);

/* The return instructions of the function, its cold parts and functions of the file that it jumps to at its end included, and its jumps to other
 * files: at most max. 0 = it has none, or more. */
size_t place_returns(const struct elf_file *elf, const struct fde_list *fdes, uint64_t address, uint64_t *ret, size_t max);

/* The same of code at these addresses. */
size_t place_returns_in(const struct elf_file *elf, uint64_t start, uint64_t end, uint64_t *ret, size_t max);

/* The functions that call, or jump to, the one at an address: their begins, at most max. */
size_t place_callers(const struct elf_file *elf, const struct fde_list *fdes, uint64_t address, uint64_t *ret, size_t max);

#endif
