/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/symbols.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define NESTED_MAX 16 /* how many symbols that end before an address may begin between it and the one around it */
#define NAME_BYTES_MAX 4096
#define COMPARED_MAX 256 /* bytes of names that decide which one is the best */

struct section {
	uint64_t end;
	bool executable, allocated;
};

/* Sections by index; those that cannot be read hold nothing. */
static struct section *read_sections(Elf *elf, size_t *ret_n)
{
	struct section *sections;
	Elf_Scn *scn = NULL;
	size_t n = 0;
	GElf_Shdr h;

	if (elf_getshdrnum(elf, &n))
		n = 0;
	sections = xcalloc(n, sizeof *sections);
	while ((scn = elf_nextscn(elf, scn))) {
		size_t i = elf_ndxscn(scn);

		if (i >= n || !gelf_getshdr(scn, &h))
			continue;
		sections[i].end = h.sh_addr + h.sh_size < h.sh_addr ? 0 : h.sh_addr + h.sh_size;
		sections[i].executable = h.sh_flags & SHF_EXECINSTR;
		sections[i].allocated = h.sh_flags & SHF_ALLOC;
	}
	*ret_n = n;
	return sections;
}

static bool is_wanted(enum symbols_kind kind, const GElf_Sym *sym, const struct section *section)
{
	int type = GELF_ST_TYPE(sym->st_info);

	if (kind == SYMBOLS_DATA)
		return type == STT_OBJECT && sym->st_size && section->allocated && !section->executable;
	return (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE) && section->executable;
}

/* Among names of one address: functions before labels, what other files see before what they do not. */
static uint8_t rank_of(const GElf_Sym *sym)
{
	return (GELF_ST_TYPE(sym->st_info) == STT_NOTYPE) * 2 + (GELF_ST_BIND(sym->st_info) == STB_LOCAL);
}

/* The assembler's own labels begin with .L */
static bool is_name(const struct string_table *table, uint64_t name)
{
	return table->size > 1 && name < table->size - 1 && table->data[name] && (table->data[name] != '.' || table->data[name + 1] != 'L');
}

static void add_symbol(struct symbols *s, const GElf_Sym *sym, const struct section *section)
{
	const struct string_table *table = &s->tables[s->n_tables - 1];
	uint64_t end = sym->st_value + sym->st_size;

	if (!is_wanted(s->kind, sym, section) || !is_name(table, sym->st_name))
		return;
	if (!sym->st_size || end < sym->st_value || end > section->end)
		end = section->end;
	if (sym->st_value >= end)
		return;
	GROW(s->list, s->n, s->cap);
	s->list[s->n++] = (struct symbol){
		.start = sym->st_value, .end = end, .name = sym->st_name, .table = s->n_tables - 1, .sized = sym->st_size != 0,
		.rank = rank_of(sym),
	};
}

static void add_table(struct symbols *s, Elf *elf, Elf_Scn *scn, const GElf_Shdr *h, const struct section *sections, size_t n_sections)
{
	Elf_Scn *strings_scn = elf_getscn(elf, h->sh_link);
	Elf_Data *data = elf_getdata(scn, NULL), *strings = strings_scn ? elf_getdata(strings_scn, NULL) : NULL;
	size_t size = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	GElf_Sym sym;

	if (!data || !data->d_buf || !strings || !strings->d_buf || !size || data->d_type != ELF_T_SYM || s->n_tables == UINT16_MAX)
		return;
	GROW(s->tables, s->n_tables, s->cap_tables);
	s->tables[s->n_tables++] = (struct string_table){.data = strings->d_buf, .size = strings->d_size};
	for (size_t i = 1; i < data->d_size / size && i <= INT32_MAX; i++)
		if (gelf_getsym(data, i, &sym) && sym.st_shndx < n_sections)
			add_symbol(s, &sym, &sections[sym.st_shndx]);
}

void symbols_add(struct symbols *s, Elf *elf)
{
	size_t n_sections;
	_cleanup_free_ struct section *sections = read_sections(elf, &n_sections);
	Elf_Scn *scn = NULL;
	GElf_Shdr h;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &h) && (h.sh_type == SHT_SYMTAB || h.sh_type == SHT_DYNSYM))
			add_table(s, elf, scn, &h, sections, n_sections);
}

const char *symbol_name(const struct symbols *s, const struct symbol *symbol, size_t *ret_max)
{
	const struct string_table *table = &s->tables[symbol->table];
	size_t max = table->size - symbol->name;

	*ret_max = max < NAME_BYTES_MAX ? max : NAME_BYTES_MAX;
	return table->data + symbol->name;
}

struct name {
	const char *text;
	size_t len, underscores;
};

static struct name name_of(const struct symbols *s, const struct symbol *symbol)
{
	struct name name;
	size_t max;

	name.text = symbol_name(s, symbol, &max);
	name.len = strnlen(name.text, max < COMPARED_MAX ? max : COMPARED_MAX);
	for (name.underscores = 0; name.underscores < name.len && name.text[name.underscores] == '_';)
		name.underscores++;
	return name;
}

/* Fewer leading underscores first, then shorter ones, then by bytes so that the order is always the same. */
static int compare_names(const struct symbols *s, const struct symbol *a, const struct symbol *b)
{
	struct name x = name_of(s, a), y = name_of(s, b);

	if (x.underscores != y.underscores)
		return x.underscores < y.underscores ? -1 : 1;
	if (x.len != y.len)
		return x.len < y.len ? -1 : 1;
	return memcmp(x.text, y.text, x.len);
}

static int compare(const void *pa, const void *pb, void *symbols)
{
	const struct symbol *a = pa, *b = pb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->sized != b->sized)
		return b->sized - a->sized;
	if (a->rank != b->rank)
		return a->rank - b->rank;
	return compare_names(symbols, a, b);
}

/* Keep the best name of every address; a label inside a function is no function. */
static void drop_aliases(struct symbols *s)
{
	uint64_t sized_end = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct symbol *symbol = &s->list[i];

		if ((n && s->list[n - 1].start == symbol->start) || (!symbol->sized && symbol->start < sized_end))
			continue;
		if (symbol->sized && symbol->end > sized_end)
			sized_end = symbol->end;
		s->list[n++] = *symbol;
	}
	s->n = n;
}

void symbols_sort(struct symbols *s)
{
	if (!s->n)
		return;
	qsort_r(s->list, s->n, sizeof *s->list, compare, s);
	drop_aliases(s);
	for (size_t i = 0; i + 1 < s->n; i++)
		if (!s->list[i].sized && s->list[i].end > s->list[i + 1].start)
			s->list[i].end = s->list[i + 1].start;
	s->list = xrealloc(s->list, s->cap = s->n, sizeof *s->list);
}

void symbols_clear(struct symbols *s)
{
	free(s->list);
	free(s->tables);
	*s = (struct symbols){.kind = s->kind};
}

const struct symbol *symbols_find(const struct symbols *s, uint64_t address)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->list[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < NESTED_MAX && i < low; i++)
		if (address < s->list[low - 1 - i].end)
			return &s->list[low - 1 - i];
	return NULL;
}
