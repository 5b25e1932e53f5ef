/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/programs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/printable.h"

#define TEXT_COLUMNS 60

static void forget(struct program_told *told)
{
	free(told->program);
	free(told->runtime);
}

static struct program_told *find(const struct programs *ps, int pid)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->list[i].pid == pid)
			return &ps->list[i];
	return NULL;
}

/* A server may fork for each request: those that are gone are not told, so the oldest goes. */
static struct program_told *add(struct programs *ps, int pid)
{
	struct program_told *told;

	if (ps->n < PROGRAMS_MAX) {
		GROW(ps->list, ps->n, ps->cap);
		told = &ps->list[ps->n++];
	} else {
		told = &ps->list[ps->oldest];
		ps->oldest = (ps->oldest + 1) % PROGRAMS_MAX;
		forget(told);
	}
	*told = (struct program_told){.pid = pid};
	return told;
}

static void take_cost(struct program_told *told, const struct msg *msg)
{
	told->call_ns = msg->start > told->call_ns ? msg->start : told->call_ns;
	told->turn_ns = msg->end > told->turn_ns ? msg->end : told->turn_ns;
}

static void take_text(struct program_told *told, const struct msg *msg)
{
	char **text = msg->type == MSG_PROGRAM ? &told->program : &told->runtime;
	size_t n = strnlen(msg->name, sizeof msg->name);

	free(*text);
	*text = n ? printable(msg->name, n, TEXT_COLUMNS) : NULL;
}

void programs_take(struct programs *ps, const struct msg *msg)
{
	struct program_told *told = find(ps, msg->pid) ?: add(ps, msg->pid);

	if (msg->type == MSG_COST)
		take_cost(told, msg);
	else
		take_text(told, msg);
}

const struct program_told *programs_find(const struct programs *ps, int pid)
{
	return find(ps, pid);
}

void programs_clear(struct programs *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		forget(&ps->list[i]);
	free(ps->list);
	*ps = (struct programs){0};
}
