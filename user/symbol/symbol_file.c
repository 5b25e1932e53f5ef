/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/symbol_file.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "symbol/demangle.h"
#include "symbol/function_start.h"
#include "symbol/lines.h"
#include "symbol/string_set.h"
#include "symbol/symbols.h"

#define FOUND_MAX 65536 /* addresses remembered */

struct found {
	UT_hash_handle hh;
	uint64_t address;
	size_t n;
	struct place places[];
};

struct symbol_file {
	uint64_t serial;
	const struct file_id *id; /* NULL = no file of the target's */
	struct elf_file *elf;
	struct elf_file *debug; /* NULL = none, or not looked for yet */
	struct elf_file *supplementary; /* of the DWARF */
	Dwarf *supplementary_dwarf;
	struct lines *lines;
	struct symbols code, data;
	struct elf_file *unpacked; /* of .gnu_debugdata */
	void *unpacked_image;
	bool debug_tried, unpacked_tried, lines_tried, code_read, data_read;
	struct found *found;
	struct string_set names;
};

struct symbol_file *symbol_file_new(struct elf_file *elf, const struct file_id *id)
{
	static uint64_t serials;
	struct symbol_file *f = xcalloc(1, sizeof *f);

	f->serial = ++serials;
	f->id = id;
	f->elf = elf;
	f->code.kind = SYMBOLS_CODE;
	f->data.kind = SYMBOLS_DATA;
	return f;
}

static void forget_found(struct symbol_file *f)
{
	struct found *found, *next;

	HASH_ITER(hh, f->found, found, next) {
		HASH_DEL(f->found, found);
		free(found);
	}
	string_set_clear(&f->names);
}

void symbol_file_free(struct symbol_file *f)
{
	if (!f)
		return;
	forget_found(f);
	lines_close(f->lines);
	dwarf_end(f->supplementary_dwarf);
	symbols_clear(&f->code);
	symbols_clear(&f->data);
	elf_file_close(f->supplementary);
	elf_file_close(f->unpacked);
	free(f->unpacked_image);
	elf_file_close(f->debug);
	elf_file_close(f->elf);
	free(f);
}

const struct elf_file *symbol_file_elf(const struct symbol_file *f)
{
	return f->elf;
}

const struct file_id *symbol_file_id(const struct symbol_file *f)
{
	return f->id;
}

uint64_t symbol_file_serial(const struct symbol_file *f)
{
	return f->serial;
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

static bool has_section(Elf *elf, uint32_t type, const char *name)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr h;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *s;

		if (!gelf_getshdr(scn, &h) || h.sh_type != type)
			continue;
		s = elf_strptr(elf, names, h.sh_name);
		if (s && !strcmp(s, name))
			return true;
	}
	return false;
}

/* What was opened is not left alone any more: the watch only learns. */
static void begin(const struct symbol_file *f, const struct asked *asked)
{
	if (f->id && asked)
		asked_begin(asked, f->id);
}

static void end(const struct symbol_file *f, const struct asked *asked)
{
	if (f->id && asked)
		asked_end(asked);
}

static struct elf_file *debug_of(struct symbol_file *f, const struct asked *asked)
{
	if (!f->debug_tried && asked)
		f->debug = debug_file_open(asked, f->elf, f->id ? f->id->path : NULL);
	f->debug_tried = true;
	return f->debug;
}

static struct elf_file *unpacked_of(struct symbol_file *f)
{
	if (!f->unpacked_tried)
		f->unpacked = debug_file_unpack(f->elf, &f->unpacked_image);
	f->unpacked_tried = true;
	return f->unpacked;
}

static void read_symbols(struct symbol_file *f, const struct asked *asked, struct symbols *symbols)
{
	symbols_add(symbols, f->elf->elf);
	if (!has_section(f->elf->elf, SHT_SYMTAB, ".symtab")) {
		struct elf_file *other = debug_of(f, asked);

		if (!other)
			other = unpacked_of(f);
		if (other)
			symbols_add(symbols, other->elf);
	}
	symbols_sort(symbols);
}

static void open_lines(struct symbol_file *f, const struct asked *asked)
{
	bool own = has_section(f->elf->elf, SHT_PROGBITS, ".debug_info") || has_section(f->elf->elf, SHT_PROGBITS, ".zdebug_info");
	struct elf_file *elf = own ? f->elf : debug_of(f, asked);

	if (!elf || !asked || !debug_file_open_alt(asked, elf->elf, &f->supplementary))
		return;
	if (f->supplementary)
		f->supplementary_dwarf = dwarf_begin_elf(f->supplementary->elf, DWARF_C_READ, NULL);
	if (!f->supplementary || f->supplementary_dwarf)
		f->lines = lines_open(elf->elf, f->supplementary_dwarf);
}

static void try_lines(struct symbol_file *f, const struct asked *asked)
{
	if (!f->lines_tried)
		open_lines(f, asked);
	f->lines_tried = true;
}

size_t symbol_file_parts(struct symbol_file *f, const struct asked *asked, const struct elf_file *ret[SYMBOL_FILE_PARTS])
{
	size_t n = 0;

	ret[n++] = f->elf;
	begin(f, asked);
	if (!has_section(f->elf->elf, SHT_SYMTAB, ".symtab")) {
		const struct elf_file *debug = debug_of(f, asked), *unpacked = unpacked_of(f);

		if (debug)
			ret[n++] = debug;
		if (unpacked)
			ret[n++] = unpacked;
	}
	end(f, asked);
	return n;
}

Dwarf *symbol_file_dwarf(struct symbol_file *f, const struct asked *asked)
{
	begin(f, asked);
	try_lines(f, asked);
	end(f, asked);
	return f->lines ? lines_dwarf(f->lines) : NULL;
}

/* ---- code -------------------------------------------------------------------------------------------------------- */

static const char *keep_demangled(struct symbol_file *f, const char *name, size_t max)
{
	struct demangled demangled;

	return *demangle(name, max, &demangled) ? string_set_keep(&f->names, demangled.text) : NULL;
}

static const char *symbol_at(struct symbol_file *f, const struct asked *asked, uint64_t address)
{
	const struct symbol *symbol;
	const char *name;
	size_t max;

	if (!f->code_read)
		read_symbols(f, asked, &f->code);
	f->code_read = true;
	symbol = symbols_find(&f->code, address);
	if (!symbol)
		return NULL;
	name = symbol_name(&f->code, symbol, &max);
	return keep_demangled(f, name, max);
}

static size_t lines_at(struct symbol_file *f, const struct asked *asked, uint64_t address, struct source_place places[INLINED_MAX])
{
	try_lines(f, asked);
	return f->lines ? lines_find(f->lines, address, places) : 0;
}

/* The symbol names the function itself, so that it is the same with DWARF and without. */
static struct found *find(struct symbol_file *f, const struct asked *asked, uint64_t address)
{
	struct source_place source[INLINED_MAX] = {{0}};
	size_t n = lines_at(f, asked, address, source);
	const char *symbol = symbol_at(f, asked, address);
	struct found *found;

	if (!n)
		n = 1;
	found = xcalloc(1, sizeof *found + n * sizeof *found->places);
	found->address = address;
	found->n = n;
	for (size_t i = 0; i < n; i++) {
		struct place *p = &found->places[i];

		p->file = string_set_keep(&f->names, source[i].file);
		p->line = source[i].line;
		p->inlined = source[i].inlined;
		p->function = !p->inlined && symbol ? symbol : source[i].function ? keep_demangled(f, source[i].function, SIZE_MAX) : NULL;
		p->start = p->function || p->inlined ? address : function_start(f->elf, address);
	}
	return found;
}

struct places symbol_file_find(struct symbol_file *f, const struct asked *asked, uint64_t address)
{
	struct found *found;

	HASH_FIND(hh, f->found, &address, sizeof address, found);
	if (!found) {
		if (HASH_COUNT(f->found) >= FOUND_MAX)
			forget_found(f);
		begin(f, asked);
		found = find(f, asked, address);
		end(f, asked);
		HASH_ADD(hh, f->found, address, sizeof found->address, found);
	}
	return (struct places){.n = found->n, .list = found->places};
}

/* ---- data -------------------------------------------------------------------------------------------------------- */

static char *find_data(struct symbol_file *f, const struct asked *asked, uint64_t address)
{
	const struct symbol *symbol;
	struct demangled demangled;
	const char *name;
	size_t max;

	if (!f->data_read)
		read_symbols(f, asked, &f->data);
	f->data_read = true;
	symbol = symbols_find(&f->data, address);
	if (!symbol)
		return NULL;
	name = symbol_name(&f->data, symbol, &max);
	demangle(name, max, &demangled);
	if (address == symbol->start)
		return xstrdup(demangled.text);
	return xasprintf("%s+0x%llx", demangled.text, (unsigned long long)(address - symbol->start));
}

char *symbol_file_data_name(struct symbol_file *f, const struct asked *asked, uint64_t address)
{
	char *name;

	begin(f, asked);
	name = find_data(f, asked, address);
	end(f, asked);
	return name;
}
