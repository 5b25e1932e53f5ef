/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the probes of handlers are said to cost.
 * links: tracer/handler_cost.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tracer/handler_cost.h"

static const struct probe_costs costs = {.entry = 1000, .end = 500, .returns = 300, .stepped = 10000};

static void a_function_costs_its_entry_and_its_return(void **state)
{
	const struct rp_handler h = {0};
	struct msg_handler where = {.n = 2, .places = {{.kind = PLACE_ENTRY}, {.kind = PLACE_RETURN}}};

	(void)state;
	assert_int_equal(handler_cost(&costs, &where, &h).call, 1300);
	assert_int_equal(handler_cost(&costs, &where, &h).turn, 0);
	where.places[0].stepped = 1;
	assert_int_equal(handler_cost(&costs, &where, &h).call, 11300);
}

static void of_return_instructions_one_is_met(void **state)
{
	const struct rp_handler h = {0};
	const struct msg_handler where = {
		.n = 4, .places = {{.kind = PLACE_ENTRY}, {.kind = PLACE_RET, .stepped = 1}, {.kind = PLACE_RET, .stepped = 1}, {.kind = PLACE_RET, .stepped = 1}},
	};

	(void)state;
	assert_int_equal(handler_cost(&costs, &where, &h).call, 11500);
}

/* As lighttpd's, which has two. */
static void of_functions_at_the_end_all_are_called(void **state)
{
	const struct rp_handler h = {.flags = RP_HANDLER_ENDS | RP_HANDLER_TURNS};
	const struct msg_handler where = {
		.n = 4, .places = {{.kind = PLACE_ENTRY}, {.kind = PLACE_END}, {.kind = PLACE_END}, {.kind = PLACE_TURN}},
	};

	(void)state;
	assert_int_equal(handler_cost(&costs, &where, &h).call, 2000);
	assert_int_equal(handler_cost(&costs, &where, &h).turn, 500);
}

static void a_function_of_go_ends_at_one_of_its_returns(void **state)
{
	const struct rp_handler h = {.flags = RP_HANDLER_ENDS | RP_HANDLER_TURNS | RP_HANDLER_GO};
	const struct msg_handler where = {
		.n = 5, .places = {{.kind = PLACE_ENTRY}, {.kind = PLACE_END, .stepped = 1}, {.kind = PLACE_END, .stepped = 1}, {.kind = PLACE_RUN},
				   {.kind = PLACE_STOP}},
	};

	(void)state;
	assert_int_equal(handler_cost(&costs, &where, &h).call, 11500);
	assert_int_equal(handler_cost(&costs, &where, &h).turn, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_costs_its_entry_and_its_return), cmocka_unit_test(of_return_instructions_one_is_met),
		cmocka_unit_test(of_functions_at_the_end_all_are_called), cmocka_unit_test(a_function_of_go_ends_at_one_of_its_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
