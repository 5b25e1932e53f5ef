/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions written in Go; and its net/http, of which the program says itself where it keeps what a request is. */
#include <errno.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "handler/go_types.h"
#include "handler/looking.h"
#include "handler/place.h"
#include "symbol/elf_symbols.h"

bool look_is_go(const struct looking *l)
{
	uint64_t address, size;

	return elf_section_find(l->elf, ".go.buildinfo", &address, &size);
}

/* ---- net/http -------------------------------------------------------------------------------------------------------------- */

/* serverHandler.ServeHTTP(): after its receiver an interface, which is two registers, and the request. */
#define ARGUMENT_REPLY (RP_BASE_ARGUMENT + 2)
#define ARGUMENT_REQUEST (RP_BASE_ARGUMENT + 3)
#define STRING_LENGTH 8

/* What implements http.ResponseWriter: net/http/server.go: response, and net/http/h2_bundle.go: http2responseWriter, a pointer to what it is. */
static const struct reply_kind {
	const char *type, *state, *open; /* state: the member that has all of it, NULL = itself; open: NULL after the connection was taken over */
} reply_kinds[RP_REPLIES] = {{"*net/http.response", NULL, "w"}, {"*net/http.http2responseWriter", "rws", NULL}};

static bool table_of(const struct looking *l, const char *type, uint64_t *ret)
{
	static const char *const before[] = {"go:itab.", "go.itab."}; /* since Go 1.20, until then */
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(before) && !found; i++) {
		_cleanup_free_ char *name = xasprintf("%s%s,net/http.ResponseWriter", before[i], type);

		found = variable_find(l->parts, l->n_parts, name, ret);
	}
	return found;
}

/* The path to a member of what answers. */
static bool path_to(const struct elf_file *elf, uint64_t type, const char *name, struct rp_handler_path before, uint8_t size,
		    struct rp_handler_path *ret, uint64_t *ret_type)
{
	struct go_member m;

	if (!go_type_member(elf, type, name, &m))
		return false;
	*ret = before;
	ret->offset[ret->n++] = m.offset;
	ret->size = size;
	if (ret_type)
		*ret_type = m.type;
	return true;
}

/* *ret_request: the type of requests. */
static bool take_reply(const struct looking *l, const struct reply_kind *k, struct rp_handler_reply *ret, uint64_t *ret_request)
{
	struct rp_handler_path at = {.base = ARGUMENT_REPLY};
	uint64_t table, type, pointer;

	if (!table_of(l, k->type, &table) || !go_type_of_table(l->elf, table, &pointer) || !go_type_pointed(l->elf, pointer, &type))
		return false;
	if (k->state && (!path_to(l->elf, type, k->state, at, 0, &at, &pointer) || !go_type_pointed(l->elf, pointer, &type)))
		return false;
	if (k->open && !path_to(l->elf, type, k->open, at, sizeof(uint64_t), &ret->open, NULL))
		return false;
	return path_to(l->elf, type, "status", at, sizeof(uint64_t), &ret->status, NULL) &&
	       path_to(l->elf, type, "req", at, sizeof(uint64_t), &ret->request, &pointer) && go_type_pointed(l->elf, pointer, ret_request);
}

static void take_string(const struct looking *l, uint64_t request, const char *name, struct rp_handler_text *text)
{
	struct go_member m;

	if (!go_type_member(l->elf, request, name, &m))
		return;
	text->data.offset[0] = m.offset;
	text->length.offset[0] = m.offset + STRING_LENGTH;
}

void look_at_net_http(const struct looking *l, struct rp_handler *h)
{
	for (size_t i = 0; i < RP_REPLIES; i++) {
		struct rp_handler_reply reply = {0};
		uint64_t request;

		if (!take_reply(l, &reply_kinds[i], &reply, &request))
			continue;
		h->replies[i] = reply;
		h->replied.base = ARGUMENT_REQUEST;
		take_string(l, request, "RequestURI", &h->url);
		take_string(l, request, "Method", &h->method);
	}
}

/* ---- any function ---------------------------------------------------------------------------------------------------------- */

/* Its stacks move, so returns cannot be probed but by their instructions; which goroutine a thread executes is told by the scheduler. */
int look_at_go(const struct looking *l, const char *symbol, const struct functions_found *function)
{
	static const struct {
		enum msg_place_kind kind;
		const char *symbol;
	} scheduler[] = {{PLACE_RUN, "runtime.execute"}, {PLACE_STOP, "runtime.schedule"}};
	struct rp_handler *h = &l->f->found->handler;
	uint64_t returns[MSG_PLACES_MAX], address = function->addresses[0];
	size_t n = place_returns_in(l->elf, address, address + function->size, returns, MSG_PLACES_MAX);
	int r = look_add_place(l, PLACE_ENTRY, symbol, address);

	h->flags |= RP_HANDLER_GO | RP_HANDLER_ENDS | RP_HANDLER_TURNS;
	h->id = h->end_id = (struct rp_handler_path){.base = RP_BASE_GOROUTINE};
	h->turn[0] = (struct rp_handler_path){.base = RP_BASE_ARGUMENT};
	if (!n)
		return look_refuse(l->f, xasprintf("%s: where it returns cannot be told", symbol));
	if (!r)
		r = look_add_instructions(l, PLACE_END, symbol, returns, n);
	for (size_t i = 0; i < ARRAY_LEN(scheduler) && !r; i++) {
		r = look_for_function(l, scheduler[i].symbol, &address);
		if (!r)
			return look_refuse(l->f, xasprintf("%s: no such function in %s, which is written in Go", scheduler[i].symbol, l->mapping->path));
		r = r < 0 ? r : look_add_place(l, scheduler[i].kind, scheduler[i].symbol, address);
	}
	return r;
}
