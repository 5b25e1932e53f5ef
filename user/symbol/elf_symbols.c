/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/elf_symbols.h"

#include <gelf.h>
#include <string.h>

/* A section's data, and the strings that it refers to. */
struct table {
	Elf_Data *data, *strings;
	GElf_Shdr header;
};

static bool read_table(const struct elf_file *f, Elf_Scn *scn, struct table *ret)
{
	Elf_Scn *strings = gelf_getshdr(scn, &ret->header) ? elf_getscn(f->elf, ret->header.sh_link) : NULL;

	ret->data = strings ? elf_getdata(scn, NULL) : NULL;
	ret->strings = ret->data ? elf_getdata(strings, NULL) : NULL;
	return ret->strings && ret->data->d_buf && ret->strings->d_buf;
}

/* NULL: not in the table, or too long. */
static const char *string_at(const struct table *t, uint64_t at)
{
	const char *name = (const char *)t->strings->d_buf + at;
	size_t left = at < t->strings->d_size ? t->strings->d_size - at : 0;
	size_t n = left ? strnlen(name, left) : 0;

	return left && n < left && n <= ELF_SYMBOL_NAME_MAX ? name : NULL;
}

static bool is_symbols(const GElf_Shdr *h)
{
	return h->sh_type == SHT_SYMTAB || h->sh_type == SHT_DYNSYM;
}

static void each_of_table(const struct table *t, size_t size, void (*symbol)(void *ctx, const struct elf_symbol *symbol), void *ctx)
{
	GElf_Sym sym;

	for (size_t i = 1; i < t->data->d_size / size && i <= INT32_MAX; i++) {
		const char *name = gelf_getsym(t->data, i, &sym) ? string_at(t, sym.st_name) : NULL;
		int type = name ? GELF_ST_TYPE(sym.st_info) : STT_NOTYPE;

		if ((type == STT_FUNC || type == STT_OBJECT) && sym.st_shndx != SHN_UNDEF)
			symbol(ctx, &(struct elf_symbol){.name = name, .address = sym.st_value, .size = sym.st_size, .function = type == STT_FUNC});
	}
}

void elf_symbols_each(const struct elf_file *f, void (*symbol)(void *ctx, const struct elf_symbol *symbol), void *ctx)
{
	size_t size = gelf_fsize(f->elf, ELF_T_SYM, 1, EV_CURRENT);
	Elf_Scn *scn = NULL;
	struct table t;

	while (size && (scn = elf_nextscn(f->elf, scn)))
		if (read_table(f, scn, &t) && is_symbols(&t.header) && t.data->d_type == ELF_T_SYM)
			each_of_table(&t, size, symbol, ctx);
}

bool elf_has_name(const struct elf_file *f, const char *name)
{
	Elf_Scn *scn = NULL;
	struct table t;

	while ((scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, &t.header) && is_symbols(&t.header) && read_table(f, scn, &t) &&
		    memmem(t.strings->d_buf, t.strings->d_size, name, strlen(name) + 1))
			return true;
	return false;
}

bool elf_section_find(const struct elf_file *f, const char *name, uint64_t *ret_address, uint64_t *ret_size)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr h;

	if (elf_getshdrstrndx(f->elf, &names))
		return false;
	while ((scn = elf_nextscn(f->elf, scn))) {
		const char *found = gelf_getshdr(scn, &h) && h.sh_flags & SHF_ALLOC ? elf_strptr(f->elf, names, h.sh_name) : NULL;

		if (!found || strcmp(found, name))
			continue;
		*ret_address = h.sh_addr;
		*ret_size = h.sh_size;
		return true;
	}
	return false;
}

bool elf_needs(const struct elf_file *f, const char *prefix)
{
	Elf_Scn *scn = NULL;
	struct table t;
	GElf_Dyn dyn;

	while ((scn = elf_nextscn(f->elf, scn))) {
		if (!gelf_getshdr(scn, &t.header) || t.header.sh_type != SHT_DYNAMIC || !read_table(f, scn, &t))
			continue;
		for (int i = 0; gelf_getdyn(t.data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
			const char *name = dyn.d_tag == DT_NEEDED ? string_at(&t, dyn.d_un.d_val) : NULL;

			if (name && !strncmp(name, prefix, strlen(prefix)))
				return true;
		}
	}
	return false;
}

const uint8_t *elf_bytes_at(const struct elf_file *f, uint64_t address, size_t n)
{
	for (size_t i = 0; i < f->n_segments; i++) {
		const struct segment *s = &f->segments[i];
		uint64_t at = address - s->address;

		if (address >= s->address && at < s->file_size && n <= s->file_size - at)
			return elf_file_bytes(f, s->offset + at, n);
	}
	return NULL;
}
