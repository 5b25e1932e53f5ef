/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Servers of the catalog (catalog.h). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "handler/compile.h"
#include "handler/looking.h"
#include "handler/nginx.h"
#include "handler/place.h"

#define TURNS_MAX 32

static bool has(const uint64_t *list, size_t n, uint64_t address)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == address)
			return true;
	return false;
}

/* Functions that call the one at `address`, but for those that call the begin: they run once for each request, before it is one. */
static int add_turns(const struct looking *l, uint64_t address, uint64_t begin)
{
	uint64_t turns[TURNS_MAX], before[TURNS_MAX];
	struct fde_list fdes = {0};
	size_t n, n_before;
	int r = 0;

	fde_list_read(l->elf, &fdes);
	n = place_callers(l->elf, &fdes, address, turns, TURNS_MAX);
	n_before = place_callers(l->elf, &fdes, begin, before, TURNS_MAX);
	fde_list_free(&fdes);
	for (size_t i = 0; i < n && !r; i++)
		if (!has(before, n_before, turns[i]))
			r = look_add_place(l, PLACE_TURN, l->f->spec->known->turn_end, turns[i]);
	return n ? r : look_refuse(l->f, xasprintf("%s: nobody calls it", l->f->spec->known->turn_end));
}

/* The first "nginx/1.22.1" in its constants; 0 = none. */
static uint32_t version_of(const struct elf_file *elf, const char *before)
{
	const char *at = elf->mapped.data, *end = at + elf->mapped.size;
	size_t n = strlen(before);

	while (at && at < end && (at = memmem(at, end - at, before, n))) {
		unsigned int major = 0, minor = 0, patch = 0;
		char text[32];
		size_t len;

		at += n;
		len = (size_t)(end - at) < sizeof text - 1 ? (size_t)(end - at) : sizeof text - 1;
		memcpy(text, at, len);
		text[len] = 0;
		if (isdigit((unsigned char)*text) && sscanf(text, "%u.%u.%u", &major, &minor, &patch) >= 2)
			return major << 16 | (minor & 255) << 8 | (patch & 255);
	}
	return 0;
}

/* Expressions of our own: they are right. */
static void compile_known(const char *expression, struct rp_handler_path *ret)
{
	_cleanup_free_ char *why = NULL;
	struct expression e;

	if (expression && !handler_expression_parse_known(expression, &e, &why))
		compile_number(&e, NULL, ret, &why);
}

static void compile_known_text(const char *expression, struct rp_handler_text *ret)
{
	_cleanup_free_ char *why = NULL;
	struct expression_text e;

	if (expression && !handler_expression_parse_known_text(expression, &e, &why))
		compile_text(&e, NULL, ret, &why);
}

/* What the build says of itself is better than what is known of its version. */
static void take_nginx(const struct looking *l, struct rp_handler *h)
{
	struct nginx_layout layout;

	if (!nginx_layout(l->elf, &layout))
		return;
	h->url.length.offset[0] = layout.request_line;
	h->url.data.offset[0] = layout.request_line + 8;
	h->status.offset[0] = layout.status;
	if (layout.query)
		h->query = (struct rp_handler_path){.base = RP_BASE_ARGUMENT, .n = 1, .size = 8, .offset = {layout.query}};
}

static int look_at_turns(const struct looking *l, const struct known_server *k, uint64_t begin)
{
	struct rp_handler *h = &l->f->found->handler;
	uint64_t address;
	int r;

	h->signature = k->signature;
	h->turn_id = k->turn_id;
	for (size_t i = 0; i < RP_TURN_PATHS; i++) {
		compile_known(k->turns[i], &h->turn[i]);
		h->turn[i].size = 0;
	}
	r = look_for_function(l, k->turn_end, &address);
	if (!r)
		return look_refuse(l->f, xasprintf("%s: no such function in %s", k->turn_end, l->mapping->path));
	return r < 0 ? r : add_turns(l, address, begin);
}

static uint32_t flags_of(const struct known_server *k)
{
	return RP_HANDLER_CHECK | (k->line ? RP_HANDLER_LINE : 0) | (k->ends[0] ? RP_HANDLER_ENDS : 0) | (k->turn_end ? RP_HANDLER_TURNS : 0) |
	       (k->again ? RP_HANDLER_AGAIN : 0) | (k->alone ? RP_HANDLER_ALONE : 0) | (k->inside ? RP_HANDLER_INSIDE : 0);
}

static void take_methods(const char *names, struct rp_handler *h)
{
	for (size_t i = 0; names && *names && i < RP_METHODS; i++) {
		size_t n = strcspn(names, " ");

		memcpy(h->methods[i], names, n < RP_METHOD_NAME ? n : RP_METHOD_NAME - 1);
		names += n + (names[n] == ' ');
	}
}

static void take_list(const struct known_list *list, struct rp_handler *h)
{
	if (!list)
		return;
	compile_known(list->first, &h->list.first);
	h->list.next = list->next;
	h->list.key = list->key;
}

/* Variables are found by their distance from the instruction that is probed. */
static bool add_global(const struct looking *l, const struct known_server *k, uint64_t begin)
{
	struct rp_handler *h = &l->f->found->handler;
	struct rp_handler_path *const paths[] = {
		&h->url.data, &h->url.length, &h->method.data, &h->method.length, &h->status, &h->id, &h->end_id, &h->socket, &h->list.first,
	};
	struct place_found place;
	uint64_t variable;

	if (!variable_find(l->parts, l->n_parts, k->global, &variable) || !place_find(l->elf, begin, PLACE_ARGUMENTS, &place))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (paths[i]->base == RP_BASE_CODE)
			paths[i]->offset[0] += variable - place.address;
	return true;
}

int look_at_known(const struct looking *l, const struct known_server *k, uint64_t begin)
{
	struct rp_handler *h = &l->f->found->handler;
	const struct known_layout *layout = known_layout(k, k->version ? version_of(l->elf, k->version) : 0);

	if (!layout)
		return look_refuse(l->f, xasprintf("%s is of a version before those whose requests are known; name a function of it: --handler SYMBOL,url=…",
						   l->mapping->path));
	h->flags = flags_of(k) | (l->f->spec->automatic ? RP_HANDLER_REST : 0) | (layout->methods ? RP_HANDLER_NUMBER : 0);
	compile_known_text(layout->url, &h->url);
	compile_known_text(layout->method, &h->method);
	compile_known(layout->status, &h->status);
	take_methods(layout->methods, h);
	if (k->own_layout == OWN_NGINX)
		take_nginx(l, h);
	else if (k->own_layout == OWN_GO)
		look_at_net_http(l, h);
	compile_known(k->id, &h->id);
	compile_known(k->end_id, &h->end_id);
	compile_known(k->socket, &h->socket);
	take_list(k->list, h);
	if (k->global && !add_global(l, k, begin))
		return look_refuse(l->f, xasprintf("%s: no such variable in %s", k->global, l->mapping->path));
	return k->turn_end ? look_at_turns(l, k, begin) : 0;
}
