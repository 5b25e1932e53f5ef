/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/printable.h"
#include "profile/route.h"

#define NAMED 8 /* routes in a message */
#define ROUTE_COLUMNS 120

static struct route *find(struct routes *routes, const char *name)
{
	for (size_t i = 0; i < routes->n; i++)
		if (!strcmp(routes->list[i].name, name))
			return &routes->list[i];
	GROW(routes->list, routes->n, routes->cap);
	routes->list[routes->n] = (struct route){.name = xstrdup(name)};
	return &routes->list[routes->n++];
}

void routes_of(const struct profiles *set, struct routes *ret)
{
	*ret = (struct routes){0};
	for (size_t i = 0; i < set->n; i++) {
		_cleanup_free_ char *raw = profile_route(set->list[i]);
		_cleanup_free_ char *name = printable(raw, strlen(raw), ROUTE_COLUMNS);
		struct route *route = find(ret, name);

		GROW(route->list, route->n, route->cap);
		route->list[route->n++] = set->list[i];
	}
}

void routes_clear(struct routes *routes)
{
	for (size_t i = 0; i < routes->n; i++) {
		free(routes->list[i].name);
		free(routes->list[i].list);
	}
	free(routes->list);
	*routes = (struct routes){0};
}

char *routes_text(const struct routes *routes)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < routes->n && i < NAMED; i++) {
		_cleanup_free_ char *before = text;

		text = xasprintf("%s%s%s (%zu)", before, i ? ", " : "", routes->list[i].name, routes->list[i].n);
	}
	if (routes->n > NAMED) {
		_cleanup_free_ char *before = text;

		text = xasprintf("%s and %zu more", before, routes->n - NAMED);
	}
	return text;
}

bool routes_are_one(const char *verb, const struct profiles *set)
{
	struct routes routes;
	_cleanup_free_ char *text = NULL;
	bool one;

	routes_of(set, &routes);
	one = routes.n <= 1;
	text = routes_text(&routes);
	if (!one)
		log_error("cannot %s different routes: %s; name the reports of one", verb, text);
	routes_clear(&routes);
	return one;
}
