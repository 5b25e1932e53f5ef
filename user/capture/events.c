/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/events.h"

#include "base/cleanup.h"

static const unsigned short fixed_len[] = {
	[RP_EV_BEGIN] = sizeof(struct rp_begin),
	[RP_EV_BIND] = sizeof(struct rp_bind),
	[RP_EV_RELEASE] = sizeof(struct rp_release),
	[RP_EV_TICK] = sizeof(struct rp_tick),
	[RP_EV_WAIT] = sizeof(struct rp_wait),
	[RP_EV_STACK] = sizeof(struct rp_stack),
	[RP_EV_END] = sizeof(struct rp_end),
	[RP_EV_EDGE] = sizeof(struct rp_tick),
	[RP_EV_NEAR] = sizeof(struct rp_near),
	[RP_EV_EXEC] = sizeof(struct rp_event),
	[RP_EV_UNMAPPED] = sizeof(struct rp_unmapped),
	[RP_EV_TASK] = sizeof(struct rp_task),
	[RP_EV_PEER] = sizeof(struct rp_peer),
	[RP_EV_PEER_DATA] = sizeof(struct rp_peer_data),
	[RP_EV_TASK_RUNS] = sizeof(struct rp_event),
	[RP_EV_TASK_CLAIMED] = sizeof(struct rp_event),
	[RP_EV_GROUP] = sizeof(struct rp_event),
	[RP_EV_GROUP_END] = sizeof(struct rp_event),
	[RP_EV_BUSY] = sizeof(struct rp_busy),
	[RP_EV_TASK_WAITS] = sizeof(struct rp_task_wait),
	[RP_EV_CODE] = sizeof(struct rp_python_code),
};

/* What follows the struct, by what the struct says. */
static size_t variable_len(const struct rp_event *e)
{
	const struct rp_python_code *code = (const void *)e;
	const struct rp_stack *stack = (const void *)e;

	if (e->type == RP_EV_BEGIN)
		return ((const struct rp_begin *)e)->line_len;
	if (e->type == RP_EV_STACK)
		return (stack->n_kernel + stack->n_user) * sizeof(__u64) + stack->n_python * sizeof(struct rp_python_frame);
	if (e->type == RP_EV_CODE)
		return (size_t)code->len[RP_CODE_FUNCTION] + code->len[RP_CODE_FILE] + code->len[RP_CODE_LINES];
	return 0;
}

const struct rp_event *event_check(const void *record, size_t size)
{
	const struct rp_event *e = record;
	size_t fixed;

	if (size < sizeof *e || e->len < sizeof *e || e->len > size)
		return NULL;
	fixed = e->type < ARRAY_LEN(fixed_len) ? fixed_len[e->type] : sizeof *e;
	if (e->len < fixed || e->len - fixed < variable_len(e))
		return NULL;
	return e;
}
