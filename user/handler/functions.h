/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions of an ELF file by the name that a user gives: as the linker has it, or demangled. */
#ifndef REQPROF_HANDLER_FUNCTIONS_H
#define REQPROF_HANDLER_FUNCTIONS_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

#include "symbol/elf_symbols.h"

#define FUNCTIONS_FOUND_MAX 8

struct functions_found {
	size_t n;               /* different addresses, may exceed FUNCTIONS_FOUND_MAX */
	uint64_t addresses[FUNCTIONS_FOUND_MAX]; /* in the file */
	uint64_t size;          /* of the first */
	char variant[ELF_SYMBOL_NAME_MAX + 1]; /* "NAME.isra.0": what a compiler has made of it, "" = nothing */
};

/* Parts: symbol_file.h. */
void functions_find(const struct elf_file *const *parts, size_t n_parts, const char *name, struct functions_found *ret);

/* A variable by the name that the linker has. False: there is none. */
bool variable_find(const struct elf_file *const *parts, size_t n_parts, const char *name, uint64_t *ret);

/* Is there a function of this name that is only inlined? */
bool function_is_inlined(Dwarf *dwarf, const char *name);

#endif
