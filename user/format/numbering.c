/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/numbering.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"

struct numbered {
	void *key;
	uint32_t number;
	UT_hash_handle hh;
};

bool numbering_add(struct numbering *numbering, const void *key, size_t n, uint32_t *ret)
{
	struct numbered *e;

	HASH_FIND(hh, numbering->first, key, n, e);
	if (e) {
		*ret = e->number;
		return false;
	}
	e = xcalloc(1, sizeof *e);
	e->key = memcpy(xcalloc(n, 1), key, n);
	e->number = *ret = numbering->n++;
	HASH_ADD_KEYPTR(hh, numbering->first, e->key, n, e);
	return true;
}

uint32_t numbering_text(struct numbering *numbering, const char *text)
{
	uint32_t number;

	numbering_add(numbering, text, strlen(text) + 1, &number);
	return number;
}

const struct numbered *numbering_next(const struct numbering *numbering, const struct numbered *last)
{
	return last ? last->hh.next : numbering->first;
}

const void *numbering_key(const struct numbered *entry)
{
	return entry->key;
}

void numbering_free(struct numbering *numbering)
{
	struct numbered *e, *next;

	HASH_ITER(hh, numbering->first, e, next) {
		HASH_DEL(numbering->first, e);
		free(e->key);
		free(e);
	}
	*numbering = (struct numbering){0};
}

struct wait_key wait_key(int32_t stack, enum time_class class, const char *object)
{
	struct wait_key key;

	memset(&key, 0, sizeof key);
	key.stack = stack;
	key.class = class;
	key.object = object;
	return key;
}
