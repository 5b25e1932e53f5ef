/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/start_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"

/* A line that grows: "PID NAME: one, two; three". */
struct line {
	char *text;
	const char *separator;  /* before what comes next */
};

static void append(struct line *line, const char *more)
{
	char *longer = xasprintf("%s%s%s", line->text, line->separator, more);

	free(line->text);
	line->text = longer;
	line->separator = ", ";
}

static void append_workers(struct line *line, const struct server *server)
{
	const char *what = server->all_may ? "process" : "worker", *plural = server->all_may ? "es" : "s";
	_cleanup_free_ char *workers = xasprintf("%zu %s%s", server->workers, what, server->workers == 1 ? "" : plural);

	append(line, server->workers ? workers : "no worker yet");
}

static void append_limit(struct line *line, const char *what, const char *limit)
{
	_cleanup_free_ char *both = limit ? xasprintf("%s: %s", what, limit) : NULL;

	line->separator = "; ";
	if (both)
		append(line, both);
}

char *start_line(const struct servers *servers, const struct server *server, const struct image *image)
{
	const struct member *root = &servers->members[server->root];
	const struct event_loop *loop = image_loop(image, &root->program);
	_cleanup_free_ char *runtime = runtime_text(&image->found);
	_cleanup_free_ char *what = image_text(image, &root->program);
	_cleanup_free_ char *where = server->addresses ? xasprintf("listens on %s", server->addresses) : xstrdup("listens nowhere");
	struct line line = {.text = xasprintf("%d %s", root->pid, root->program.name), .separator = ": "};

	if (what)
		append(&line, what);
	if (server->addresses)
		append_workers(&line, server);
	append(&line, where);
	append_limit(&line, runtime, runtime_limit(&image->found));
	if (loop)
		append_limit(&line, loop->name, loop->limit);
	return line.text;
}

/* A process that serves through others. */
static const char *supervisor(const struct program *program)
{
	return program->reloads ? "reloader" : "master";
}

static char *root_line(const struct servers *servers, const struct member *m)
{
	const struct server *server = &servers->list[m->server];

	if (server->serving != server->root ? server->all_may : !m->program.supervises)
		return xasprintf("%d %s", m->pid, m->program.name);
	return xasprintf("%d %s's %s", m->pid, m->program.name, supervisor(&m->program));
}

/* What restarts itself as a child that listens: the development server of Django. */
static char *launcher_line(const struct member *root, const struct member *m)
{
	bool is_reloader = !strcmp(m->program.name, root->program.name);

	return xasprintf("%d %s, %s %d", m->pid, m->program.name, is_reloader ? "reloader of" : "has started", root->pid);
}

char *member_line(const struct servers *servers, const struct member *m)
{
	const struct member *root = m->server == NO_SERVER ? NULL : &servers->members[servers->list[m->server].root];

	switch (m->part) {
	case MEMBER_ROOT:
		return root_line(servers, m);
	case MEMBER_WORKER:
		return xasprintf("%d worker of %d", m->pid, root->pid);
	case MEMBER_HELPER:
		return xasprintf("%d %s, child of %d", m->pid, m->program.helper, m->parent);
	case MEMBER_LAUNCHER:
		return launcher_line(root, m);
	case MEMBER_CHILD:
		break;
	}
	return xasprintf("%d %s, child of %d", m->pid, m->program.name, m->parent);
}

void start_lines_print(const pid_t *pids, size_t n)
{
	_cleanup_free_ struct listener *listeners = NULL;
	int n_listeners = listeners_find(0, &listeners);
	struct servers servers;

	servers_find(pids, n, listeners, n_listeners > 0 ? n_listeners : 0, &servers);
	for (size_t i = 0; i < servers.n; i++) {
		struct image image;

		image_read(servers.members[servers.list[i].serving].pid, &image); /* says "?" of what cannot be read */
		_cleanup_free_ char *line = start_line(&servers, &servers.list[i], &image);

		log_info("attached %s", line);
	}
	for (size_t i = 0; i < servers.n_members; i++) {
		_cleanup_free_ char *line = member_line(&servers, &servers.members[i]);

		log_debug("process %s", line);
	}
	servers_clear(&servers);
}
