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
#include "tracer/image.h"
#include "tracer/listeners.h"
#include "tracer/servers.h"

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

static size_t keep_http(struct listener *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (looks_like_http(&list[i]))
			list[kept++] = list[i];
	return kept;
}

/* Each process once: what listens on several sockets is listed with each. */
static size_t processes_of(const struct listener *list, size_t n, pid_t **ret)
{
	pid_t *pids = xcalloc(n, sizeof *pids);
	size_t n_pids = 0;

	for (size_t i = 0; i < n; i++)
		if (!n_pids || pids[n_pids - 1] != list[i].pid)
			pids[n_pids++] = list[i].pid;
	*ret = pids;
	return n_pids;
}

static void print_server(const struct servers *s, const struct server *server)
{
	const struct member *root = &s->members[server->root];
	_cleanup_free_ char *runtime = NULL;
	struct image image;

	image_read(s->members[server->serving].pid, &image); /* "?" where it is somebody else's */
	runtime = runtime_text(&image.found);
	fprintf(stderr, "%8d  %-15s  %-13s  %7zu  %s\n", root->pid, root->program.name, runtime, server->workers, server->addresses);
}

static void print(const struct servers *s)
{
	fprintf(stderr, "%8s  %-15s  %-13s  %7s  %s\n", "PID", "NAME", "RUNTIME", "WORKERS", "LISTENS ON");
	for (size_t i = 0; i < s->n; i++)
		print_server(s, &s->list[i]);
	fprintf(stderr, "For example:  sudo reqprof --pid %d\n", s->members[s->list[0].root].pid);
}

static void print_servers(struct listener *list, size_t n)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n_pids = processes_of(list, n, &pids);
	struct servers servers;

	servers_find(pids, n_pids, list, n, &servers);
	log_error("no target: name one with --pid or --port; these listen and may be HTTP servers:");
	print(&servers);
	servers_clear(&servers);
}

void targets_print(void)
{
	_cleanup_free_ struct listener *list = NULL;
	int found = listeners_find(0, &list);
	size_t n = found > 0 ? keep_http(list, found) : 0;

	if (n) {
		print_servers(list, n);
	} else {
		log_error("no target: name one with --pid or --port; nothing that listens looks like an HTTP server");
		fputs("For example:  sudo reqprof --port 8000\n", stderr);
	}
	if (geteuid())
		fputs("Without root only your own processes are seen: sudo reqprof shows all.\n", stderr);
}
