/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Types as a program in Go describes them to itself (internal/abi/type.go, since Go 1.17), with or without debug information: where the members of
 * a struct are. A type is its address in the file.
 */
#ifndef REQPROF_GO_TYPES_H
#define REQPROF_GO_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "symbol/elf.h"

struct go_member {
	uint32_t offset;
	uint64_t type;
};

/* The type of the values that an interface's table of methods is for: the table's address (the symbol "go:itab.TYPE,INTERFACE"). False: it cannot
 * be read. */
bool go_type_of_table(const struct elf_file *elf, uint64_t table, uint64_t *ret);

/* What a pointer's type points to. False: it is no pointer's. */
bool go_type_pointed(const struct elf_file *elf, uint64_t type, uint64_t *ret);

/* False: it is no struct's, or has no member of this name. */
bool go_type_member(const struct elf_file *elf, uint64_t type, const char *name, struct go_member *ret);

#endif
