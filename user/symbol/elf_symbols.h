/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The symbols and sections of an ELF file by name. For addresses there is symbols.h. */
#ifndef REQPROF_ELF_SYMBOLS_H
#define REQPROF_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "symbol/elf.h"

struct elf_symbol {
	const char *name;       /* of at most ELF_SYMBOL_NAME_MAX bytes; it is the file's */
	uint64_t address, size; /* in the file */
	bool function;          /* else a variable */
};

#define ELF_SYMBOL_NAME_MAX 255

/* Every function and variable that .dynsym and .symtab define, some twice. The file may be hostile: addresses and sizes can be anything. */
void elf_symbols_each(const struct elf_file *f, void (*symbol)(void *ctx, const struct elf_symbol *symbol), void *ctx);

/* Is this name among the strings of .dynsym or .symtab? Fast: most files can be left alone. */
bool elf_has_name(const struct elf_file *f, const char *name);

/* An allocated section; false = there is none of this name. */
bool elf_section_find(const struct elf_file *f, const char *name, uint64_t *ret_address, uint64_t *ret_size);

/* Does the file name a library (DT_NEEDED) that begins so? */
bool elf_needs(const struct elf_file *f, const char *prefix);

/* Bytes of the file at an address in it, NULL = it has none there. */
const uint8_t *elf_bytes_at(const struct elf_file *f, uint64_t address, size_t n);

#endif
