/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "symbol/string_set.h"

#define FUNCTION_MAX 65536 /* bytes; farther from a symbol is what was loaded after the symbols were read */
#define CORE "kernel"

struct entry {
	uint64_t address;
	uint32_t name;          /* offset in names */
	uint16_t module;        /* index */
	uint8_t local;
};

struct kernel_symbols {
	struct entry *list;     /* by address, one each */
	size_t n, cap;
	char *names;
	size_t names_len, names_cap;
	const char **modules;   /* [0] is the kernel proper */
	size_t n_modules, cap_modules;
	struct string_set module_names;
};

static uint16_t module_index(struct kernel_symbols *k, const char *name)
{
	const char *kept = string_set_keep(&k->module_names, name);

	for (size_t i = k->n_modules; i-- > 0;)
		if (k->modules[i] == kept)
			return i;
	if (k->n_modules > UINT16_MAX)
		return 0;
	GROW(k->modules, k->n_modules, k->cap_modules);
	k->modules[k->n_modules] = kept;
	return k->n_modules++;
}

static uint32_t add_name(struct kernel_symbols *k, const char *name)
{
	size_t len = strlen(name) + 1, at = k->names_len;

	while (k->names_cap - k->names_len < len) {
		k->names_cap = k->names_cap ? 2 * k->names_cap : 1 << 16;
		k->names = xrealloc(k->names, k->names_cap, 1);
	}
	memcpy(k->names + at, name, len);
	k->names_len += len;
	return at;
}

/* "ADDRESS TYPE NAME" and, of a module's symbol, a tab and "[MODULE]". */
static void parse_line(struct kernel_symbols *k, char *line)
{
	char *at, *name, *module;
	uint64_t address = strtoull(line, &at, 16);
	char type = at[0] == ' ' ? at[1] : 0;

	if (!address || !type || !strchr("tTwW", type) || at[2] != ' ')
		return;
	name = at + 3;
	module = name + strcspn(name, " \t\n");
	if (*module)
		*module++ = 0;
	module += strspn(module, " \t[");
	module[strcspn(module, "]\n")] = 0;
	if (!*name || !strncmp(name, "__pfx_", 6)) /* padding before functions */
		return;
	GROW(k->list, k->n, k->cap);
	k->list[k->n++] = (struct entry){.address = address, .name = add_name(k, name), .local = type == 't',
					 .module = *module ? module_index(k, module) : 0};
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* Of names for one address the best first: global, few leading underscores, short. */
static int compare(const void *pa, const void *pb, void *symbols)
{
	const struct entry *a = pa, *b = pb;
	const struct kernel_symbols *k = symbols;
	const char *name_a = k->names + a->name, *name_b = k->names + b->name;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->local != b->local)
		return a->local - b->local;
	if (underscores(name_a) != underscores(name_b))
		return underscores(name_a) < underscores(name_b) ? -1 : 1;
	if (strlen(name_a) != strlen(name_b))
		return strlen(name_a) < strlen(name_b) ? -1 : 1;
	return strcmp(name_a, name_b);
}

static void sort(struct kernel_symbols *k)
{
	size_t n = 0;

	if (!k->n)
		return;
	qsort_r(k->list, k->n, sizeof *k->list, compare, k);
	for (size_t i = 0; i < k->n; i++)
		if (!n || k->list[n - 1].address != k->list[i].address)
			k->list[n++] = k->list[i];
	k->n = n;
	k->list = xrealloc(k->list, k->cap = n, sizeof *k->list);
	k->names = xrealloc(k->names, k->names_cap = k->names_len, 1);
}

struct kernel_symbols *kernel_symbols_read(int fd)
{
	struct kernel_symbols *k = xcalloc(1, sizeof *k);
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	int copy = fd < 0 ? -1 : dup(fd);
	size_t size = 0;

	module_index(k, CORE);
	f = copy < 0 ? NULL : fdopen(copy, "re");
	if (!f) {
		if (copy >= 0)
			close(copy);
		return k;
	}
	rewind(f);
	while (getline(&line, &size, f) > 0)
		parse_line(k, line);
	sort(k);
	return k;
}

void kernel_symbols_free(struct kernel_symbols *k)
{
	if (!k)
		return;
	string_set_clear(&k->module_names);
	free(k->modules);
	free(k->names);
	free(k->list);
	free(k);
}

struct kernel_symbol kernel_symbols_find(const struct kernel_symbols *k, uint64_t address)
{
	size_t low = 0, high = k->n;
	const struct entry *e;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	e = low ? &k->list[low - 1] : NULL;
	if (!e || address - e->address >= FUNCTION_MAX)
		return (struct kernel_symbol){.module = CORE};
	return (struct kernel_symbol){.name = k->names + e->name, .module = k->modules[e->module]};
}
