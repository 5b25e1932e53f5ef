/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/handler_cost.h"

#include <stddef.h>

/* Of instructions that are probed, one of which is met (`all`: each of them). */
static uint64_t met_ns(const struct probe_costs *costs, const struct msg_handler *where, enum msg_place_kind kind, uint64_t hit, bool all)
{
	uint64_t sum = 0, most = 0;

	for (size_t i = 0; i < where->n; i++) {
		const struct msg_place *p = &where->places[i];
		uint64_t ns = p->kind == kind ? hit + (p->stepped ? costs->stepped : 0) : 0;

		sum += ns;
		most = ns > most ? ns : most;
	}
	return all ? sum : most;
}

static bool has(const struct msg_handler *where, enum msg_place_kind kind)
{
	return met_ns(&(struct probe_costs){0}, where, kind, 1, false);
}

struct handler_cost handler_cost(const struct probe_costs *costs, const struct msg_handler *where, const struct rp_handler *handler)
{
	bool one_end = handler->flags & RP_HANDLER_GO; /* its return instructions; else functions that are all called */
	struct handler_cost c = {
		.call = met_ns(costs, where, PLACE_ENTRY, costs->entry, false) + met_ns(costs, where, PLACE_END, costs->end, !one_end) +
			met_ns(costs, where, PLACE_RET, costs->end, false),
		.turn = met_ns(costs, where, PLACE_TURN, costs->end, false) + met_ns(costs, where, PLACE_RUN, costs->end, false) +
			met_ns(costs, where, PLACE_STOP, costs->end, false),
	};

	if (has(where, PLACE_RETURN))
		c.call += costs->returns;
	return c;
}
