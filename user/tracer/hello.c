/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/hello.h"

#include <fnmatch.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/printable.h"
#include "tracer/listeners.h"

#define PORT_HTTP 80

/* What listens where no browser and no curl gets an answer, by the name of its process. */
static const struct wire {
	const char *comm;       /* a pattern */
	const char *protocol;
	bool always;            /* else it may speak HTTP, too */
} wires[] = {
	{"php-fpm*", "FastCGI", true}, {"php-cgi*", "FastCGI", true}, {"uwsgi*", "uwsgi", false},
};

static const uint16_t tls_ports[] = {443, 8443};

/* The port that was asked for; TCP first: a Unix socket needs more words. */
static int rank(const struct listener *l, const struct tracer_options *o)
{
	return o->port && l->port == o->port ? 2 : l->port != 0;
}

static const struct listener *best(const struct listener *all, int n, struct session *session, const struct tracer_options *o)
{
	const struct listener *found = NULL;

	for (int i = 0; i < n; i++)
		if ((!found || rank(&all[i], o) > rank(found, o)) && session_follows(session, all[i].pid))
			found = &all[i];
	return found;
}

static bool is_tls(const struct listener *l)
{
	for (size_t i = 0; i < ARRAY_LEN(tls_ports); i++)
		if (l->port == tls_ports[i])
			return true;
	return false;
}

/* An address that can be connected to: a wildcard becomes loopback. */
static char *url_of(const struct listener *l)
{
	const char *scheme = is_tls(l) ? "https" : "http";

	if (!strncmp(l->address, "0.0.0.0:", 8))
		return xasprintf("%s://127.0.0.1:%u", scheme, l->port);
	if (!strncmp(l->address, "[::]:", 5))
		return xasprintf("%s://[::1]:%u", scheme, l->port);
	return xasprintf("%s://%s", scheme, l->address);
}

static const struct wire *wire_of(const struct listener *l)
{
	for (size_t i = 0; i < ARRAY_LEN(wires); i++)
		if (!fnmatch(wires[i].comm, l->comm, 0))
			return &wires[i];
	return NULL;
}

static void print_curl(const struct listener *l, const char *mark, const char *query)
{
	_cleanup_free_ char *url = NULL;

	if (!l->port) {
		log_info("curl --unix-socket '%s' 'http://localhost/YOUR/PATH%s%s'", l->address + strlen("unix:"), mark, query);
		return;
	}
	url = url_of(l);
	log_info("curl '%s/YOUR/PATH%s%s'", url, mark, query);
}

void hello_print(struct session *session, const struct tracer_options *o)
{
	_cleanup_free_ struct listener *all = NULL;
	const char *query = o->curl_query ?: "", *mark = o->curl_query ? "?" : "";
	int n = listeners_find(0, &all);
	const struct listener *l = best(all, n, session, o);
	const struct wire *w = l ? wire_of(l) : NULL;
	bool by_handler = o->n_handlers && !o->handlers_automatic;

	if (!l)
		return;
	if (!w || !w->always)
		print_curl(l, mark, query);
	if (w)
		log_info("%s%s speaks %s: ask its web server for /YOUR/PATH%s%s", w->always ? "" : "or, where ", l->comm, w->protocol, mark, query);
	else if (by_handler && l->port && l->port != PORT_HTTP && !is_tls(l))
		log_info("or https://, where it speaks TLS");
	if (w && w->always && !by_handler)
		log_info("its requests are seen with --handler: `man reqprof` names the servers that are known");
}

void hello_native_only(pid_t pid, const char why[MSG_NAME_MAX], char said[MSG_NAME_MAX])
{
	_cleanup_free_ char *text = printable(why, strlen(why), MSG_NAME_MAX);

	if (!strcmp(why, said))
		return;
	memcpy(said, why, strlen(why) + 1);
	log_warn("process %d: only native frames, none of Python: %s", pid, text);
}
