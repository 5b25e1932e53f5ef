/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions written in Go. */
#include <errno.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "handler/looking.h"
#include "handler/place.h"
#include "symbol/elf_symbols.h"

bool look_is_go(const struct looking *l)
{
	uint64_t address, size;

	return elf_section_find(l->elf, ".go.buildinfo", &address, &size);
}

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
