/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers for things by their bytes, from 0 in the order in which they are first met: texts, functions, stacks of other tools' tables. */
#ifndef REQPROF_NUMBERING_H
#define REQPROF_NUMBERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

struct numbering {
	struct numbered *first; /* hash; in its order a list: numbering_next() */
	uint32_t n;
};

/* The number of a key of n bytes, which is copied. Returns whether it is new. */
bool numbering_add(struct numbering *numbering, const void *key, size_t n, uint32_t *ret);
uint32_t numbering_text(struct numbering *numbering, const char *text);

/* The keys in the order of their numbers: begin with NULL. */
const struct numbered *numbering_next(const struct numbering *numbering, const struct numbered *last);
const void *numbering_key(const struct numbered *entry);

void numbering_free(struct numbering *numbering);

/* What was waited for below a stack, as a key: make it with wait_key(), which leaves no byte of it undefined. */
struct wait_key {
	int32_t stack, class;
	const char *object;     /* interned */
};

struct wait_key wait_key(int32_t stack, enum time_class class, const char *object);

#endif
