/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/functions.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

#include "symbol/demangle.h"

#define DIES_MAX 4000000
#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

struct search {
	const char *name;
	char last[64];          /* letters that its mangled name has, too */
	struct functions_found *found;
};

static const char *last_part(const char *name)
{
	const char *colons = name;

	for (const char *p; (p = strstr(colons, "::")); colons = p + 2)
		;
	return *colons ? colons : name;
}

/* Up to its parameter list, which demangle() leaves out. */
static size_t length_without_parameters(const char *name)
{
	const char *parenthesis = strrchr(name, '(');

	return parenthesis && parenthesis > name && name[strlen(name) - 1] == ')' ? (size_t)(parenthesis - name) : strlen(name);
}

static bool is_called(const struct search *s, const char *symbol)
{
	size_t n = strcspn(symbol, "@"), len = length_without_parameters(s->name);
	struct demangled demangled;

	if (strlen(s->name) == n && !strncmp(symbol, s->name, n))
		return true;
	if (symbol[0] != '_' || (symbol[1] != 'Z' && symbol[1] != 'R') || !strstr(symbol, s->last))
		return false;
	return !strncmp(demangle(symbol, n, &demangled), s->name, len) && !demangled.text[len];
}

/* What GCC makes of a function: with other arguments, in pieces. */
static bool is_variant(const struct search *s, const char *symbol)
{
	static const char *const kinds[] = {".isra.", ".constprop.", ".part.", ".cold"};
	size_t n = strlen(s->name);

	if (strncmp(symbol, s->name, n))
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strncmp(symbol + n, kinds[i], strlen(kinds[i])))
			return true;
	return false;
}

static void add(struct functions_found *f, uint64_t address, uint64_t size)
{
	for (size_t i = 0; i < f->n && i < FUNCTIONS_FOUND_MAX; i++)
		if (f->addresses[i] == address)
			return;
	if (!f->n)
		f->size = size;
	if (f->n < FUNCTIONS_FOUND_MAX)
		f->addresses[f->n] = address;
	f->n++;
}

static void look_at(void *ctx, const struct elf_symbol *symbol)
{
	struct search *s = ctx;

	if (!symbol->function || !symbol->address)
		return;
	if (is_called(s, symbol->name))
		add(s->found, symbol->address, symbol->size);
	else if (!*s->found->variant && is_variant(s, symbol->name))
		snprintf(s->found->variant, sizeof s->found->variant, "%s", symbol->name);
}

void functions_find(const struct elf_file *const *parts, size_t n_parts, const char *name, struct functions_found *ret)
{
	struct search s = {.name = name, .found = ret};
	const char *last = last_part(name);

	snprintf(s.last, sizeof s.last, "%.*s", (int)strspn(last, WORD), last);
	*ret = (struct functions_found){0};
	for (size_t i = 0; i < n_parts; i++)
		elf_symbols_each(parts[i], look_at, &s);
}

/* ---- variables ---------------------------------------------------------------------------------------------------------- */

struct variable {
	const char *name;
	uint64_t address;       /* 0 = not found */
};

static void look_at_variable(void *ctx, const struct elf_symbol *symbol)
{
	struct variable *v = ctx;
	size_t n = strcspn(symbol->name, "@");

	if (!symbol->function && symbol->address && strlen(v->name) == n && !strncmp(symbol->name, v->name, n))
		v->address = symbol->address;
}

bool variable_find(const struct elf_file *const *parts, size_t n_parts, const char *name, uint64_t *ret)
{
	struct variable v = {.name = name};

	for (size_t i = 0; i < n_parts && !v.address; i++)
		elf_symbols_each(parts[i], look_at_variable, &v);
	*ret = v.address;
	return v.address;
}

/* ---- inlined ones ---------------------------------------------------------------------------------------------------------- */

static bool is_inlined(Dwarf_Die *die, const char *name)
{
	const char *its = dwarf_tag(die) == DW_TAG_subprogram ? dwarf_diename(die) : NULL;

	return its && !strcmp(its, name) && dwarf_func_inline(die);
}

bool function_is_inlined(Dwarf *dwarf, const char *name)
{
	const char *last = last_part(name);
	size_t left = DIES_MAX;
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit, die;

	while (!dwarf_get_units(dwarf, cu, &cu, NULL, NULL, &unit, NULL)) {
		int r = dwarf_child(&unit, &die);

		while (!r && left--) {
			if (is_inlined(&die, last))
				return true;
			r = dwarf_siblingof(&die, &die);
		}
	}
	return false;
}
