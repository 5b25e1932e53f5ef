/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Symbols of ELF files by address. */
#ifndef REQPROF_SYMBOLS_H
#define REQPROF_SYMBOLS_H

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

enum symbols_kind {
	SYMBOLS_CODE,           /* functions, and labels in executable sections */
	SYMBOLS_DATA,           /* variables */
};

struct symbol {
	uint64_t start, end;
	uint32_t name;          /* offset in its string table */
	uint16_t table;
	uint8_t sized;          /* `end` is the symbol's own, not a guess */
	uint8_t rank;           /* lower is better among names of one address */
};

struct string_table {
	const char *data;
	size_t size;
};

struct symbols {
	enum symbols_kind kind;
	struct symbol *list;    /* by start, one per address once symbols_sort() is done */
	size_t n, cap;
	struct string_table *tables;
	size_t n_tables, cap_tables;
};

/* Add what .symtab and .dynsym of a file have; it must stay open while the symbols are used. */
void symbols_add(struct symbols *symbols, Elf *elf);
/* Once, after everything is added. */
void symbols_sort(struct symbols *symbols);
void symbols_clear(struct symbols *symbols);

/* The symbol that holds an address. A symbol without size reaches to the next one in its section. NULL = none. */
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address);

/* Its name and version, ended by a NUL byte or after *ret_max bytes. */
const char *symbol_name(const struct symbols *symbols, const struct symbol *symbol, size_t *ret_max);

#endif
