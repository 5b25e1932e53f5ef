/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What passes as an event.
 * links: capture/events.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "capture/events.h"

static const struct {
	int type;
	unsigned int len;
} types[] = {
	{RP_EV_BEGIN, sizeof(struct rp_begin)}, {RP_EV_BIND, sizeof(struct rp_bind)}, {RP_EV_RELEASE, sizeof(struct rp_release)},
	{RP_EV_TICK, sizeof(struct rp_tick)},   {RP_EV_WAIT, sizeof(struct rp_wait)}, {RP_EV_STACK, sizeof(struct rp_stack)},
	{RP_EV_END, sizeof(struct rp_end)},     {RP_EV_EDGE, sizeof(struct rp_tick)}, {RP_EV_NEAR, sizeof(struct rp_near)},
	{RP_EV_EXEC, sizeof(struct rp_event)},  {RP_EV_CODE, sizeof(struct rp_python_code)},
	{999, sizeof(struct rp_event)},
};

union any {
	struct rp_event h;
	struct rp_begin begin;
	struct rp_stack stack;
	struct rp_python_code code;
	char bytes[1024];
};

static void lengths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		union any e = {.h = {.type = types[i].type, .len = types[i].len}};

		assert_non_null(event_check(&e, types[i].len));
		assert_non_null(event_check(&e, types[i].len + 8));
		assert_null(event_check(&e, types[i].len - 1));
		e.h.len--;
		assert_null(event_check(&e, types[i].len));
	}
}

static void shorter_than_a_header(void **state)
{
	union any e = {.h = {.type = RP_EV_EXEC, .len = 0}};

	(void)state;
	assert_null(event_check(&e, 0));
	assert_null(event_check(&e, sizeof e.h));
	e.h.len = sizeof e.h;
	assert_null(event_check(&e, sizeof e.h - 1));
}

static void request_line(void **state)
{
	union any e = {.begin = {.h = {.type = RP_EV_BEGIN, .len = sizeof e.begin + 10}, .line_len = 10}};

	(void)state;
	assert_non_null(event_check(&e, sizeof e.begin + 10));
	e.begin.line_len = 11;
	assert_null(event_check(&e, sizeof e.begin + 10));
	assert_null(event_check(&e, sizeof e.bytes)); /* the event's own length counts */
	e.begin.line_len = 0xffffffff;
	assert_null(event_check(&e, sizeof e.begin + 10));
}

static void stack_addresses(void **state)
{
	union any e = {.stack = {.h = {.type = RP_EV_STACK, .len = sizeof e.stack + 24}, .n_kernel = 1, .n_user = 2}};

	(void)state;
	assert_non_null(event_check(&e, sizeof e.stack + 24));
	e.stack.n_user = 3;
	assert_null(event_check(&e, sizeof e.stack + 24));
	e.stack.n_user = 0;
	e.stack.n_python = 1;
	assert_non_null(event_check(&e, sizeof e.stack + 24));
	e.stack.n_python = 2;
	assert_null(event_check(&e, sizeof e.stack + 24));
	e.stack.n_python = 0xffff;
	assert_null(event_check(&e, sizeof e.stack + 24));
	e.stack.n_python = 0;
	e.stack.n_kernel = e.stack.n_user = 0xffff;
	assert_null(event_check(&e, sizeof e.stack + 24));
}

static void parts_of_code(void **state)
{
	union any e = {.code = {.h = {.type = RP_EV_CODE, .len = sizeof e.code + 30}, .len = {10, 10, 10}}};

	(void)state;
	assert_non_null(event_check(&e, sizeof e.code + 30));
	e.code.len[RP_CODE_LINES]++;
	assert_null(event_check(&e, sizeof e.code + 30));
	e.code.len[RP_CODE_LINES] = 0xffffffec; /* 30 in 32 bits */
	assert_null(event_check(&e, sizeof e.code + 30));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths), cmocka_unit_test(shorter_than_a_header),
		cmocka_unit_test(request_line), cmocka_unit_test(stack_addresses), cmocka_unit_test(parts_of_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
