/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/targets.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/process.h"
#include "tracer/listeners.h"

/* One server: the process that is nobody's worker, what it and its workers listen on. */
struct server {
	pid_t pid;
	char comm[16];
	size_t workers;         /* further processes below it that hold one of the sockets */
	char *addresses;
	uint16_t port;          /* one of them; 0 = none */
};

struct servers {
	struct server *list;
	size_t n, cap;
};

static bool among(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strncmp(name, *names, strlen(*names)))
			return true;
	return false;
}

/* By the names of programs only, as nothing was received yet: what certainly speaks something else is left out, and of Unix sockets, which
 * every desktop has by the dozen, only those of application servers are taken. --pid takes any process. */
static bool looks_like_http(const struct listener *l)
{
	static const char *const others[] = {
		"sshd", "dropbear", "systemd", "rpcbind", "rpc.", "postgres", "mysqld", "mariadbd", "redis-server", "valkey-server",
		"memcached", "mongod", "master", "exim", "dovecot", "named", "dnsmasq", "unbound", "chronyd", "ntpd", "smbd", "nmbd",
		"beam.smp", "epmd", "slapd", "xrdp", "Xorg", "Xwayland", "cupsd", "containerd", "dockerd", "rsync", "vsftpd", NULL,
	};
	static const char *const app_servers[] = {
		"python", "gunicorn", "uvicorn", "hypercorn", "uwsgi", "nginx", "node", "ruby", "puma", "unicorn", "java", "caddy",
		"haproxy", NULL,
	};

	if (l->pid == getpid() || among(l->comm, others))
		return false;
	return l->port || among(l->comm, app_servers);
}

static bool listens(const struct listener *list, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].pid == pid)
			return true;
	return false;
}

/* The topmost listening process above it, itself included. */
static pid_t root_of(const struct listener *list, size_t n, pid_t pid)
{
	pid_t parent;

	while ((parent = process_parent(pid)) > 1 && listens(list, n, parent))
		pid = parent;
	return pid;
}

static struct server *server_of(struct servers *s, pid_t pid)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].pid == pid)
			return &s->list[i];
	GROW(s->list, s->n, s->cap);
	s->list[s->n] = (struct server){.pid = pid, .addresses = xstrdup("")};
	return &s->list[s->n++];
}

static void add_address(struct server *server, const struct listener *l)
{
	_cleanup_free_ char *before = server->addresses;
	_cleanup_free_ char *padded = xasprintf(" %s,", before);
	_cleanup_free_ char *wanted = xasprintf(" %s,", l->address);

	if (!server->port)
		server->port = l->port;
	if (strstr(padded, wanted))
		server->addresses = TAKE_PTR(before);
	else
		server->addresses = xasprintf("%s%s%s", before, *before ? ", " : "", l->address);
}

static void add(struct servers *s, const struct listener *list, size_t n, size_t i)
{
	struct server *server = server_of(s, root_of(list, n, list[i].pid));
	bool first = i == 0 || !listens(list, i, list[i].pid);

	if (server->pid == list[i].pid)
		memcpy(server->comm, list[i].comm, sizeof server->comm);
	else if (first)
		server->workers++;
	add_address(server, &list[i]);
}

static size_t keep_http(struct listener *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (looks_like_http(&list[i]))
			list[kept++] = list[i];
	return kept;
}

static void print(const struct servers *s)
{
	fprintf(stderr, "%8s  %-15s  %7s  %s\n", "PID", "NAME", "WORKERS", "LISTENS ON");
	for (size_t i = 0; i < s->n; i++) {
		const struct server *server = &s->list[i];

		fprintf(stderr, "%8d  %-15s  %7zu  %s\n", server->pid, server->comm, server->workers ? server->workers : 1,
			server->addresses);
	}
	fprintf(stderr, "For example:  sudo reqprof --pid %d\n", s->list[0].pid);
}

void targets_print(void)
{
	_cleanup_free_ struct listener *list = NULL;
	struct servers servers = {0};
	int found = listeners_find(0, &list);
	size_t n = found > 0 ? keep_http(list, found) : 0;

	for (size_t i = 0; i < n; i++)
		add(&servers, list, n, i);
	if (n) {
		log_error("no target: name one with --pid or --port; these listen and may be HTTP servers:");
		print(&servers);
	} else {
		log_error("no target: name one with --pid or --port; nothing that listens looks like an HTTP server");
		fputs("For example:  sudo reqprof --port 8000\n", stderr);
	}
	if (geteuid())
		fputs("Without root only your own processes are seen: sudo reqprof shows all.\n", stderr);
	for (size_t i = 0; i < servers.n; i++)
		free(servers.list[i].addresses);
	free(servers.list);
}
