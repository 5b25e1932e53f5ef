/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/looking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "handler/place.h"

int look_refuse(struct finding *f, char *why)
{
	free(f->why);
	f->why = why;
	return -EINVAL;
}

/* ---- functions ------------------------------------------------------------------------------------------------------------ */

/* BINARY+0xADDRESS, as reports print it. */
static bool take_address(const struct looking *l, const char *symbol, uint64_t *ret)
{
	const char *plus = strrchr(symbol, '+');
	size_t n = plus ? (size_t)(plus - symbol) : 0;
	const char *name = l->name;
	char *end;

	if (!n || strncmp(plus, "+0x", 3) || strlen(name) != n || strncmp(name, symbol, n))
		return false;
	*ret = strtoull(plus + 1, &end, 16);
	return !*end;
}

static int say_ambiguous(const struct looking *l, const char *symbol, const struct functions_found *found)
{
	_cleanup_free_ char *list = xstrdup("");

	for (size_t i = 0; i < found->n && i < FUNCTIONS_FOUND_MAX; i++) {
		_cleanup_free_ char *before = list;

		list = xasprintf("%s%s%s+0x%llx", before, i ? ", " : "", l->name, (unsigned long long)found->addresses[i]);
	}
	return look_refuse(l->f, xasprintf("%s: there are %zu functions of this name; name one of them: %s%s", symbol, found->n, list,
				      found->n > FUNCTIONS_FOUND_MAX ? " …" : ""));
}

/* 1, 0 = not in this file, or −EINVAL. */
int look_for_sized(const struct looking *l, const char *symbol, struct functions_found *ret)
{
	struct functions_found found;

	*ret = (struct functions_found){.n = 1};
	if (take_address(l, symbol, &ret->addresses[0]))
		return 1;
	functions_find(l->parts, l->n_parts, symbol, &found);
	if (found.n > 1)
		return say_ambiguous(l, symbol, &found);
	*ret = found;
	if (!found.n && *found.variant && !l->f->why)
		l->f->why = xasprintf("%s: the compiler has made %s of it: name that, its arguments may be others", symbol, found.variant);
	return found.n;
}

int look_for_function(const struct looking *l, const char *symbol, uint64_t *ret)
{
	struct functions_found found;
	int r = look_for_sized(l, symbol, &found);

	*ret = found.addresses[0];
	return r;
}

/* ---- places ------------------------------------------------------------------------------------------------------------------ */

static const struct segment *segment_of(const struct elf_file *elf, uint64_t address)
{
	for (size_t i = 0; i < elf->n_segments; i++) {
		const struct segment *s = &elf->segments[i];

		if (s->executable && address >= s->address && address - s->address < s->file_size)
			return s;
	}
	return NULL;
}

static uint64_t file_offset(const struct elf_file *elf, uint64_t address)
{
	const struct segment *s = segment_of(elf, address);

	return s ? address - s->address + s->offset : 0;
}

static int keep_place(const struct looking *l, struct msg_place place, const char *symbol)
{
	struct handler_found *found = l->f->found;

	if (found->n == MSG_PLACES_MAX)
		return look_refuse(l->f, xasprintf("%s: more than %d places to probe", symbol, MSG_PLACES_MAX));
	found->places[found->n++] = place;
	return 0;
}

int look_add_place(const struct looking *l, enum msg_place_kind kind, const char *symbol, uint64_t address)
{
	const struct segment *segment = segment_of(l->elf, address);
	/* Of a function that ends a request only what tells which one is read. */
	unsigned int arguments = kind == PLACE_END ? l->f->found->handler.end_id.base : PLACE_ARGUMENTS;
	struct place_found place;

	if (!segment || !place_find(l->elf, address, arguments, &place))
		return look_refuse(l->f, xasprintf("%s: there is no code at %s+0x%llx", symbol, l->name, (unsigned long long)address));
	return keep_place(l, (struct msg_place){kind, place.stepped, place.address - segment->address + segment->offset}, symbol);
}

int look_add_instructions(const struct looking *l, enum msg_place_kind kind, const char *symbol, const uint64_t *addresses, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = keep_place(l, (struct msg_place){kind, true, file_offset(l->elf, addresses[i])}, symbol);
	return r;
}
