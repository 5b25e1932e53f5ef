/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/string_set.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"

struct kept_string {
	UT_hash_handle hh;
	char text[];
};

const char *string_set_keep(struct string_set *set, const char *s)
{
	struct kept_string *k;
	size_t len;

	if (!s)
		return NULL;
	len = strlen(s);
	HASH_FIND(hh, set->strings, s, len, k);
	if (!k) {
		k = xcalloc(1, sizeof *k + len + 1);
		memcpy(k->text, s, len);
		HASH_ADD_KEYPTR(hh, set->strings, k->text, len, k);
	}
	return k->text;
}

void string_set_clear(struct string_set *set)
{
	struct kept_string *k, *next;

	HASH_ITER(hh, set->strings, k, next) {
		HASH_DEL(set->strings, k);
		free(k);
	}
}
