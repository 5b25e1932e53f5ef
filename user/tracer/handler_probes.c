/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/handler_probes.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/sealed.h"

#define ADDRESS_MAX (1ULL << 47)
#define FILE_MAX (1ULL << 40)
#define OFFSET_MAX (1 << 30)    /* in what an argument points to, and from code to a variable */
#define PAGE 4096
#define WHY_MAX 1024

struct probed {
	pid_t pid;
	unsigned int number;
	bool here;              /* the process has it */
	struct msg_handler where;
	struct rp_handler handler;
};

struct handler_probes {
	const char *const *names;
	size_t n;
	char **why;             /* why one is not probed in the process that was asked last */
	bool *never;            /* … nor can be anywhere */
	struct probed *list;
	size_t n_list, cap_list;
	struct handler_sink sink; /* empty = not published */
	struct probe_costs costs;
	int worker;
};

struct handler_probes *handler_probes_new(const char *const *names, size_t n)
{
	struct handler_probes *hp = xcalloc(1, sizeof *hp);

	hp->names = names;
	hp->n = n;
	hp->why = xcalloc(n ? n : 1, sizeof *hp->why);
	hp->never = xcalloc(n ? n : 1, sizeof *hp->never);
	return hp;
}

void handler_probes_free(struct handler_probes *hp)
{
	if (!hp)
		return;
	for (size_t i = 0; i < hp->n; i++)
		free(hp->why[i]);
	free(hp->why);
	free(hp->never);
	free(hp->list);
	free(hp);
}

/* ---- what is taken ------------------------------------------------------------------------------------------------------ */

static bool good_offset(int32_t offset)
{
	return offset > -OFFSET_MAX && offset < OFFSET_MAX;
}

static bool good_path(const struct rp_handler_path *p)
{
	if (p->base >= RP_BASES || p->n > RP_PATH_MAX || (p->size && p->size != 1 && p->size != 2 && p->size != 4 && p->size != 8))
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (!good_offset(p->offset[i]))
			return false;
	return true;
}

static bool good_handler(const struct rp_handler *h)
{
	const struct rp_handler_path *const paths[] = {
		&h->url.data, &h->url.length, &h->method.data, &h->method.length, &h->status, &h->id, &h->end_id, &h->socket, &h->turn[0], &h->turn[1],
		&h->list.first, &h->replied,
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (!good_path(paths[i]))
			return false;
	for (size_t i = 0; i < RP_REPLIES; i++)
		if (!good_path(&h->replies[i].request) || !good_path(&h->replies[i].status) || !good_path(&h->replies[i].open))
			return false;
	return good_offset(h->turn_id) && good_offset(h->list.next) && good_offset(h->list.key_offset);
}

static bool good_places(const struct msg_handler *m)
{
	if (m->n > MSG_PLACES_MAX || m->start >= m->end || m->end > ADDRESS_MAX || m->start % PAGE || m->end % PAGE)
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (m->places[i].kind >= PLACE_KINDS || m->places[i].offset >= FILE_MAX)
			return false;
	return true;
}

static void take_why(struct handler_probes *hp, unsigned int number, const char *why, size_t n, bool never)
{
	free(hp->why[number]);
	hp->why[number] = printable(why, strnlen(why, n), WHY_MAX);
	hp->never[number] |= never;
}

static int take(struct handler_probes *hp, const struct msg *m, int fd, struct probed *p)
{
	struct sealed s;
	int r = sealed_map(&s, fd);

	if (r)
		return r;
	r = s.size >= sizeof p->where ? 0 : -EINVAL;
	if (!r)
		memcpy(&p->where, s.data, sizeof p->where);
	p->here = !r && p->where.n;
	if (!r && !p->here) {
		take_why(hp, p->number, (const char *)s.data + sizeof p->where, s.size - sizeof p->where, m->start);
	} else if (!r) {
		r = s.size == sizeof p->where + sizeof p->handler && good_places(&p->where) ? 0 : -EINVAL;
		if (!r)
			memcpy(&p->handler, (const char *)s.data + sizeof p->where, sizeof p->handler);
		if (r || !good_handler(&p->handler))
			r = -EINVAL;
	}
	p->here = p->here && !r;
	sealed_unmap(&s);
	return r;
}

static struct probed *find(const struct handler_probes *hp, pid_t pid, unsigned int number)
{
	for (size_t i = 0; i < hp->n_list; i++)
		if (hp->list[i].pid == pid && hp->list[i].number == number)
			return &hp->list[i];
	return NULL;
}

static int attach(const struct handler_probes *hp, const struct probed *p)
{
	struct msg told = {.type = MSG_COST, .pid = p->pid};
	struct handler_cost c;
	char path[96];

	if (!hp->sink.attach || !p->here)
		return 0;
	c = handler_cost(&hp->costs, &p->where, &p->handler);
	told.start = c.call;
	told.end = c.turn;
	msg_send(hp->worker, &told, NULL, 0);
	snprintf(path, sizeof path, "/proc/%d/map_files/%llx-%llx", p->pid, (unsigned long long)p->where.start, (unsigned long long)p->where.end);
	return hp->sink.attach(hp->sink.ctx, p->pid, p->number, &p->handler, path, p->where.places, p->where.n);
}

/* The entry for it, a new one if need be. */
static struct probed *add(struct handler_probes *hp, pid_t pid, unsigned int number)
{
	struct probed *p = find(hp, pid, number);

	if (p)
		return p;
	GROW(hp->list, hp->n_list, hp->cap_list);
	p = &hp->list[hp->n_list++];
	*p = (struct probed){.pid = pid, .number = number};
	return p;
}

static bool is_same(const struct probed *a, const struct probed *b)
{
	return b->here && !memcmp(&a->where, &b->where, sizeof a->where) && !memcmp(&a->handler, &b->handler, sizeof a->handler);
}

int handler_probes_inherit(struct handler_probes *hp, pid_t parent, pid_t child)
{
	int r = 0;

	for (size_t i = 0; i < hp->n && !r; i++) {
		const struct probed *from = find(hp, parent, i);
		struct probed has, *p;

		if (!from || !from->here)
			continue;
		has = *from; /* add() may move it */
		has.pid = child;
		p = add(hp, child, i);
		*p = has;
		r = attach(hp, p);
	}
	return r;
}

void handler_probes_collect(struct handler_probes *hp)
{
	size_t kept = 0;

	for (size_t i = 0; i < hp->n_list; i++) {
		const struct probed *p = &hp->list[i];

		if (!kill(p->pid, 0) || errno != ESRCH)
			hp->list[kept++] = *p;
		else if (p->here && hp->sink.detach)
			hp->sink.detach(hp->sink.ctx, p->pid, p->number);
	}
	hp->n_list = kept;
}

int handler_probes_set(struct handler_probes *hp, const struct msg *m, int fd)
{
	struct probed *p, taken = {.pid = m->pid, .number = m->value};
	int r = 0;

	if (m->value < 0 || (size_t)m->value >= hp->n)
		return -EINVAL;
	if (fd >= 0)
		r = take(hp, m, fd, &taken);
	p = add(hp, m->pid, m->value);
	if (p->here && is_same(p, &taken))
		return r;
	if (p->here && hp->sink.detach)
		hp->sink.detach(hp->sink.ctx, m->pid, m->value);
	*p = taken;
	return r ? r : attach(hp, p);
}

int handler_probes_publish(struct handler_probes *hp, struct handler_sink sink, const struct probe_costs *costs, int worker)
{
	int r = 0;

	hp->sink = sink;
	hp->costs = *costs;
	hp->worker = worker;
	for (size_t i = 0; i < hp->n_list && !r; i++)
		r = attach(hp, &hp->list[i]);
	return r;
}

bool handler_probes_asked(const struct handler_probes *hp, pid_t pid)
{
	for (size_t i = 0; i < hp->n; i++)
		if (!find(hp, pid, i))
			return false;
	return true;
}

/* ---- what is said ----------------------------------------------------------------------------------------------------------- */

static void print_one(const struct handler_probes *hp, unsigned int number, const struct probed *p, unsigned int processes)
{
	const struct handler_cost c = handler_cost(&hp->costs, &p->where, &p->handler);
	const char *es = processes == 1 ? "" : "es", *how = hp->costs.assumed ? "assumed" : "measured";

	if (c.turn)
		log_info("handler %s: probed in %u process%s, %.1f us a request and %.1f us each time that a thread turns to one (%s)",
			 hp->names[number], processes, es, c.call / 1e3, c.turn / 1e3, how);
	else
		log_info("handler %s: probed in %u process%s, %.1f us a call (%s)", hp->names[number], processes, es, c.call / 1e3, how);
}

int handler_probes_print(const struct handler_probes *hp, bool any)
{
	bool none = true;

	for (size_t i = 0; i < hp->n; i++) {
		const struct probed *found = NULL;
		unsigned int processes = 0;

		for (size_t k = 0; k < hp->n_list; k++) {
			if (hp->list[k].number != i || !hp->list[k].here)
				continue;
			found = &hp->list[k];
			processes++;
		}
		if (any && !found)
			continue;
		if (!found || hp->never[i])
			return log_error("--handler %s: %s", hp->names[i], hp->why[i] ? hp->why[i] : "no process could be looked into"), -ENOENT;
		print_one(hp, i, found, processes);
		none = false;
	}
	if (none)
		log_warn("no handler of it is known: such requests are not seen; name one with --handler");
	return 0;
}
