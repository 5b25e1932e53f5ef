/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One ELF file as a source of names: its symbols, its lines, its debug file, each loaded when first wanted, and what was already looked up.
 */
#ifndef REQPROF_SYMBOL_FILE_H
#define REQPROF_SYMBOL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/debug_file.h"
#include "symbol/elf.h"

struct symbol_file;

/* What stands at an address: the innermost inlined function first, the function itself last. */
struct place {
	const char *function;   /* NULL = unknown */
	const char *file;       /* NULL = unknown */
	uint32_t line;          /* 0 = unknown */
	bool inlined;
	uint64_t start;         /* of a function that is unknown: its first address, or the one asked for */
};

struct places {
	size_t n;               /* at least 1 */
	const struct place *list;
};

/* Takes the ELF file; `id` must outlive it, NULL = no file of the target's. */
struct symbol_file *symbol_file_new(struct elf_file *elf, const struct file_id *id);
void symbol_file_free(struct symbol_file *f); /* NULL is fine */

const struct elf_file *symbol_file_elf(const struct symbol_file *f);

/* The files that have its symbols: itself, its debug file, what is packed into it. They live as long as it does. Returns their number. */
#define SYMBOL_FILE_PARTS 3
size_t symbol_file_parts(struct symbol_file *f, const struct asked *asked, const struct elf_file *ret[SYMBOL_FILE_PARTS]);

/* Its DWARF, or that of its debug file; lives as long as the file. NULL = there is none. */
Dwarf *symbol_file_dwarf(struct symbol_file *f, const struct asked *asked);

/* NULL: no file of the target's. */
const struct file_id *symbol_file_id(const struct symbol_file *f);

/* A number that no other file of this process has had. */
uint64_t symbol_file_serial(const struct symbol_file *f);

/* Look up an address of the file (not of the process). The answer is the file's, until the next question. */
struct places symbol_file_find(struct symbol_file *f, const struct asked *asked, uint64_t address);

/* The variable that holds an address of the file, or NULL; the caller frees it. */
char *symbol_file_data_name(struct symbol_file *f, const struct asked *asked, uint64_t address);

#endif
