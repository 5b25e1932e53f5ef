/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "capture/live_record.h"

#define GROUPS_MAX (2 * RP_GROUPS) /* more: the events of the oldest ones' ends are lost */
#define EVENTS_MAX (64U << 20)  /* bytes of a group's events; what joins when there were more has none of them */
#define SHARED_MAX 1000000      /* events that a request may have from its group */

struct group {
	struct group *next;
	uint32_t serial;
	bool full;
	uint8_t *events;        /* each at a multiple of 8 */
	size_t n, cap;
};

static struct group *find(const struct live *l, uint32_t serial)
{
	struct group *g = l->groups;

	while (g && g->serial != serial)
		g = g->next;
	return g;
}

static void drop(struct group **at)
{
	struct group *g = *at;

	*at = g->next;
	free(g->events);
	free(g);
}

static struct group *find_or_add(struct live *l, uint32_t serial)
{
	struct group *g = find(l, serial), **at = &l->groups;

	if (g)
		return g;
	for (size_t n = 1; *at && n < GROUPS_MAX; n++)
		at = &(*at)->next;
	while (*at)
		drop(at);
	g = xcalloc(1, sizeof *g);
	g->serial = serial;
	g->next = l->groups;
	l->groups = g;
	return g;
}

void groups_free(struct live *l)
{
	while (l->groups)
		drop(&l->groups);
}

static size_t size_of(const struct rp_event *e)
{
	return ((size_t)e->len + 7) & ~(size_t)7;
}

/* A copy of the event, kept for those who join later as long as there is room for all. */
static struct rp_event *keep(struct group *g, const struct rp_event *e)
{
	size_t size = size_of(e);
	struct rp_event *copy;

	g->full |= size > EVENTS_MAX - g->n;
	if (g->full)
		g->n = 0;
	while (g->cap - g->n < size) {
		g->cap = g->cap ? 2 * g->cap : 65536;
		g->events = xrealloc(g->events, g->cap, 1);
	}
	copy = memcpy(g->events + g->n, e, e->len);
	g->n += size;
	return copy;
}

static void give(struct live *l, struct live_request *r, const struct rp_event *e)
{
	r->lacks_group |= r->n_shared >= SHARED_MAX;
	if (r->lacks_group)
		return;
	r->n_shared++;
	live_record(l, r, e);
}

static void join(struct live *l, const struct rp_event *e)
{
	struct live_request *r = live_find(l, e->request);
	struct group *g = find_or_add(l, e->task);

	if (!r || r->group == g->serial)
		return;
	r->group = g->serial;
	r->lacks_group = g->full;
	for (size_t at = 0; !g->full && at < g->n; at += size_of((const struct rp_event *)(g->events + at)))
		give(l, r, (const struct rp_event *)(g->events + at));
}

static void share(struct live *l, struct group *g, const struct rp_event *e)
{
	struct rp_event *own = keep(g, e);

	if (!own->task)
		own->task = RP_TASK_NOBODYS; /* what none of the group's tasks did is not the request's, either */
	for (struct live_request *r = l->requests; r; r = r->next)
		if (r->group == g->serial)
			give(l, r, own);
}

bool groups_event(struct live *l, const struct rp_event *e)
{
	struct group **at = &l->groups, *g;

	if (e->type == RP_EV_GROUP) {
		join(l, e);
		return true;
	}
	if (!(e->request & RP_GROUP))
		return false;
	g = find(l, e->request);
	if (g && e->type != RP_EV_GROUP_END) {
		share(l, g, e);
	} else if (g) {
		while (*at != g)
			at = &(*at)->next;
		drop(at);
	}
	return true;
}
