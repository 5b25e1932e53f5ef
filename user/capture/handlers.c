/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/handlers.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/protocol.h"
#include "base/sealed.h"
#include "handler/find.h"

#define PROCESSES_MAX 1024

enum state { NOT_ASKED, MISSING, FOUND };

struct handler_state {
	enum state state;
	uint64_t start, end;    /* FOUND: a mapping that shows its file */
};

struct process {
	UT_hash_handle hh;
	int pid;
	struct handler_state handlers[];
};

struct handlers {
	const struct handler_spec *specs;
	size_t n;
	struct symbolizer *symbols;
	const struct symbol_source *source;
	struct handlers_sink sink;
	struct process *processes;
};

struct handlers *handlers_new(const struct handler_spec *specs, size_t n, struct symbolizer *symbols, const struct symbol_source *source,
			      const struct handlers_sink *sink)
{
	struct handlers *hs = xcalloc(1, sizeof *hs);

	*hs = (struct handlers){.specs = specs, .n = n, .symbols = symbols, .source = source, .sink = *sink};
	return hs;
}

static void drop(struct handlers *hs, struct process *p)
{
	HASH_DEL(hs->processes, p);
	free(p);
}

void handlers_free(struct handlers *hs)
{
	if (!hs)
		return;
	while (hs->processes)
		drop(hs, hs->processes);
	free(hs);
}

static struct process *find_or_add(struct handlers *hs, int pid)
{
	struct process *p;

	HASH_FIND_INT(hs->processes, &pid, p);
	if (p)
		return p;
	if (HASH_COUNT(hs->processes) >= PROCESSES_MAX)
		drop(hs, hs->processes); /* added first; it may be over since */
	p = xcalloc(1, sizeof *p + hs->n * sizeof *p->handlers);
	p->pid = pid;
	HASH_ADD_INT(hs->processes, pid, p);
	return p;
}

/* ---- looking for them ------------------------------------------------------------------------------------------------------ */

static void hand_over_found(const struct handlers *hs, int pid, size_t i, const struct handler_found *found)
{
	struct msg_handler head = {.start = found->start, .end = found->end, .n = found->n};
	_cleanup_close_ int fd = -1;

	memcpy(head.places, found->places, found->n * sizeof *found->places);
	fd = sealed_new(&head, sizeof head, &found->handler, sizeof found->handler);
	if (fd >= 0)
		hs->sink.handler(hs->sink.ctx, pid, i, fd, false);
}

static void hand_over_why(const struct handlers *hs, int pid, size_t i, const char *why, bool never)
{
	struct msg_handler head = {0};
	_cleanup_close_ int fd = sealed_new(&head, sizeof head, why, strlen(why) + 1);

	if (fd >= 0)
		hs->sink.handler(hs->sink.ctx, pid, i, fd, never);
}

static void look(struct handlers *hs, struct process *p, size_t i, const struct maps *maps)
{
	struct handler_state *s = &p->handlers[i];
	_cleanup_free_ char *why = NULL;
	struct handler_found found;
	bool asked = s->state != NOT_ASKED;
	int r = handler_find(&hs->specs[i], maps, hs->source, p->pid, &found, asked ? NULL : &why);

	*s = (struct handler_state){.state = r > 0 ? FOUND : MISSING, .start = found.start, .end = found.end};
	if (r > 0)
		hand_over_found(hs, p->pid, i, &found);
	else if (!asked)
		hand_over_why(hs, p->pid, i, why, r < 0);
}

/* An exec that nobody told of has something else there. */
static bool is_there_still(const struct handler_state *s, const struct maps *maps)
{
	const struct mapping *m = maps_find(maps, s->start);

	return m && m->start == s->start && m->end == s->end && m->executable;
}

static void update(struct handlers *hs, struct process *p)
{
	const struct maps *maps = symbolizer_maps(hs->symbols, p->pid);

	for (size_t i = 0; i < hs->n; i++) {
		struct handler_state *s = &p->handlers[i];

		if (!maps) {
			if (s->state == NOT_ASKED)
				hand_over_why(hs, p->pid, i, "its mappings cannot be read", false);
			s->state = s->state == FOUND ? FOUND : MISSING;
			continue;
		}
		if (s->state == FOUND && !is_there_still(s, maps)) {
			hs->sink.handler(hs->sink.ctx, p->pid, i, -1, false);
			s->state = MISSING;
		}
		if (s->state != FOUND)
			look(hs, p, i, maps);
	}
}

void handlers_update(struct handlers *hs, int pid)
{
	struct process *p, *next;

	if (!hs->n)
		return;
	if (pid)
		return update(hs, find_or_add(hs, pid));
	HASH_ITER(hh, hs->processes, p, next)
		update(hs, p);
}

void handlers_forget(struct handlers *hs, int pid)
{
	struct process *p;

	HASH_FIND_INT(hs->processes, &pid, p);
	if (!p)
		return;
	for (size_t i = 0; i < hs->n; i++)
		if (p->handlers[i].state == FOUND)
			hs->sink.handler(hs->sink.ctx, pid, i, -1, false);
	drop(hs, p);
}
