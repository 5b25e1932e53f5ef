/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Profiles by route (profile/route.h). */
#ifndef REQPROF_ROUTES_H
#define REQPROF_ROUTES_H

#include "cmd/profiles.h"

struct route {
	char *name;             /* printable */
	const struct profile **list; /* of the set */
	size_t n, cap;
};

struct routes {
	struct route *list;     /* in the order in which they were met */
	size_t n, cap;
};

void routes_of(const struct profiles *set, struct routes *ret);
void routes_clear(struct routes *routes);

/* "GET /orders (12), GET /health (3)"; the caller frees it. */
char *routes_text(const struct routes *routes);

/* Are all of one route? Otherwise it prints what the set has, as the reason why one cannot `verb`. */
bool routes_are_one(const char *verb, const struct profiles *set);

#endif
