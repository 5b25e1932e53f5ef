/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/servers.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/process.h"

/* Those of the members. */
struct sockets {
	struct listener *list;
	size_t n, cap;
};

static size_t member_of(const struct servers *s, pid_t pid)
{
	for (size_t i = 0; i < s->n_members; i++)
		if (s->members[i].pid == pid)
			return i;
	return NO_MEMBER;
}

static void take_sockets(struct servers *s, const struct listener *listeners, size_t n, struct sockets *ret)
{
	*ret = (struct sockets){0};
	for (size_t i = 0; i < n; i++) {
		size_t member = member_of(s, listeners[i].pid);

		if (member == NO_MEMBER)
			continue;
		s->members[member].listens = true;
		GROW(ret->list, ret->n, ret->cap);
		ret->list[ret->n++] = listeners[i];
	}
}

static bool is_same(const struct listener *a, const struct listener *b)
{
	return a->inode == b->inode || (a->port && a->port == b->port);
}

/* Do both hold one socket, or listen on one port (SO_REUSEPORT)? */
static bool share(const struct sockets *s, pid_t a, pid_t b)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t j = 0; j < s->n && s->list[i].pid == a; j++)
			if (s->list[j].pid == b && is_same(&s->list[i], &s->list[j]))
				return true;
	return false;
}

/* Parents were read one after the other, and process ids are reused: the way up must have an end. */
static void find_parents(struct servers *s)
{
	for (size_t i = 0; i < s->n_members; i++)
		s->members[i].up = NO_MEMBER;
	for (size_t i = 0; i < s->n_members; i++) {
		size_t parent = member_of(s, s->members[i].parent), up = parent;

		while (up != NO_MEMBER && up != i)
			up = s->members[up].up;
		if (up != i)
			s->members[i].up = parent;
	}
}

/* ---- whose is it? ----------------------------------------------------------------------------------------------------------- */

/* The topmost process above it that listens where it does, itself included. */
static size_t root_of(const struct servers *s, const struct sockets *sockets, size_t i)
{
	for (size_t up; (up = s->members[i].up) != NO_MEMBER && share(sockets, s->members[i].pid, s->members[up].pid);)
		i = up;
	return i;
}

static size_t listening_above(const struct servers *s, size_t i)
{
	while (i != NO_MEMBER && !s->members[i].listens)
		i = s->members[i].up;
	return i;
}

static size_t topmost(const struct servers *s, size_t i)
{
	while (s->members[i].up != NO_MEMBER)
		i = s->members[i].up;
	return i;
}

static bool is_above(const struct servers *s, size_t above, size_t i)
{
	while ((i = s->members[i].up) != NO_MEMBER)
		if (i == above)
			return true;
	return false;
}

static bool has_listening_below(const struct servers *s, size_t above)
{
	for (size_t i = 0; i < s->n_members; i++)
		if (s->members[i].listens && is_above(s, above, i))
			return true;
	return false;
}

static size_t server_with_root(struct servers *s, size_t root)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].root == root)
			return i;
	GROW(s->list, s->n, s->cap);
	s->list[s->n] = (struct server){.root = root, .serving = root};
	return s->n++;
}

/* Its server, and what it is there unless it turns out to be a worker. */
static void place(struct servers *s, const struct sockets *sockets, size_t i)
{
	size_t above = listening_above(s, i), root = above == NO_MEMBER ? topmost(s, i) : root_of(s, sockets, above);
	struct member *m = &s->members[i];

	m->part = root == i ? MEMBER_ROOT : m->program.helper ? MEMBER_HELPER : MEMBER_CHILD;
	m->server = server_with_root(s, root);
}

static void place_launcher(struct servers *s, size_t i)
{
	struct member *m = &s->members[i];

	m->part = m->program.helper ? MEMBER_HELPER : MEMBER_CHILD;
	m->server = NO_SERVER;
	for (size_t j = s->n_members; j--;) {
		if (s->members[j].part != MEMBER_ROOT || !is_above(s, i, j))
			continue;
		m->part = MEMBER_LAUNCHER;
		m->server = s->members[j].server;
	}
}

/* Above what listens, or beside it below the same launcher. */
static bool is_launchers(const struct servers *s, size_t i)
{
	return listening_above(s, i) == NO_MEMBER && has_listening_below(s, topmost(s, i));
}

static void place_all(struct servers *s, const struct sockets *sockets)
{
	for (size_t i = 0; i < s->n_members; i++)
		if (!is_launchers(s, i))
			place(s, sockets, i);
	for (size_t i = 0; i < s->n_members; i++)
		if (is_launchers(s, i))
			place_launcher(s, i);
}

/* ---- who serves? ------------------------------------------------------------------------------------------------------------ */

static bool may_serve(const struct servers *s, const struct sockets *sockets, const struct member *m)
{
	const struct member *root = &s->members[s->list[m->server].root];

	return m->part == MEMBER_CHILD && !m->program.helper && share(sockets, m->pid, root->pid);
}

static bool has_spawned(const struct servers *s, const struct sockets *sockets, size_t server)
{
	for (size_t i = 0; i < s->n_members; i++)
		if (s->members[i].server == server && s->members[i].program.spawned && may_serve(s, sockets, &s->members[i]))
			return true;
	return false;
}

static bool is_worker(const struct servers *s, const struct sockets *sockets, const struct member *m, enum program_workers how)
{
	const struct member *root = &s->members[s->list[m->server].root];
	bool is_child = m->parent == root->pid;

	switch (how) {
	case WORKERS_FORKED:
		return is_child && may_serve(s, sockets, m);
	case WORKERS_SPAWNED:
		return is_child && m->program.spawned && may_serve(s, sockets, m);
	case WORKERS_CLUSTER:
		return is_child && m->part == MEMBER_CHILD && !strcmp(m->program.name, root->program.name);
	case WORKERS_ANY:
		break;
	}
	return may_serve(s, sockets, m);
}

static void find_workers(struct servers *s, const struct sockets *sockets, size_t server)
{
	struct server *of = &s->list[server];
	const struct program *program = &s->members[of->root].program;
	enum program_workers how = has_spawned(s, sockets, server) ? WORKERS_SPAWNED : program->workers;

	for (size_t i = 0; i < s->n_members; i++) {
		struct member *m = &s->members[i];

		if (m->server != server || i == of->root || !is_worker(s, sockets, m, how))
			continue;
		m->part = MEMBER_WORKER;
		if (!of->workers++)
			of->serving = i;
	}
	of->all_may = of->workers && how == WORKERS_ANY;
	if (of->all_may || (!of->workers && !program->supervises))
		of->workers++;
}

/* ---- where? ----------------------------------------------------------------------------------------------------------------- */

static void add_address(struct server *server, const struct listener *l)
{
	_cleanup_free_ char *before = TAKE_PTR(server->addresses);
	_cleanup_free_ char *padded = xasprintf(" %s,", before ?: "");
	_cleanup_free_ char *wanted = xasprintf(" %s,", l->address);

	if (!server->port)
		server->port = l->port;
	if (strstr(padded, wanted))
		server->addresses = TAKE_PTR(before);
	else
		server->addresses = xasprintf("%s%s%s", before ?: "", before ? ", " : "", l->address);
}

static void find_addresses(struct servers *s, const struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->n; i++) {
		const struct member *m = &s->members[member_of(s, sockets->list[i].pid)];

		add_address(&s->list[m->server], &sockets->list[i]);
	}
}

void servers_group(struct servers *s, const struct listener *listeners, size_t n_listeners)
{
	struct sockets sockets;

	take_sockets(s, listeners, n_listeners, &sockets);
	find_parents(s);
	place_all(s, &sockets);
	for (size_t i = 0; i < s->n; i++)
		find_workers(s, &sockets, i);
	find_addresses(s, &sockets);
	free(sockets.list);
}

void servers_find(const pid_t *pids, size_t n, const struct listener *listeners, size_t n_listeners, struct servers *ret)
{
	*ret = (struct servers){.members = xcalloc(n ?: 1, sizeof *ret->members), .n_members = n};
	for (size_t i = 0; i < n; i++) {
		struct member *m = &ret->members[i];

		m->pid = pids[i];
		m->parent = process_parent(pids[i]);
		program_read(m->pid, &m->program);
	}
	servers_group(ret, listeners, n_listeners);
}

void servers_clear(struct servers *s)
{
	for (size_t i = 0; i < s->n_members; i++)
		program_clear(&s->members[i].program);
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i].addresses);
	free(s->members);
	free(s->list);
	*s = (struct servers){0};
}
