/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/hello.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/printable.h"
#include "tracer/listeners.h"

/* TCP first: a Unix socket needs more words. */
static const struct listener *best(const struct listener *all, int n, struct session *session)
{
	const struct listener *found = NULL;

	for (int i = 0; i < n; i++)
		if ((!found || (!found->port && all[i].port)) && session_follows(session, all[i].pid))
			found = &all[i];
	return found;
}

/* An address that can be connected to: a wildcard becomes loopback. */
static char *url_of(const struct listener *l)
{
	if (!strncmp(l->address, "0.0.0.0:", 8))
		return xasprintf("http://127.0.0.1:%u", l->port);
	if (!strncmp(l->address, "[::]:", 5))
		return xasprintf("http://[::1]:%u", l->port);
	return xasprintf("http://%s", l->address);
}

void hello_print(struct session *session, const struct tracer_options *o)
{
	_cleanup_free_ struct listener *all = NULL;
	_cleanup_free_ char *url = NULL;
	const char *query = o->curl_query ?: "", *mark = o->curl_query ? "?" : "";
	int n = listeners_find(0, &all);
	const struct listener *l = best(all, n, session);

	if (!l)
		return;
	if (l->port) {
		url = url_of(l);
		log_info("curl '%s/YOUR/PATH%s%s'", url, mark, query);
	} else {
		log_info("curl --unix-socket '%s' 'http://localhost/YOUR/PATH%s%s'", l->address + strlen("unix:"), mark, query);
	}
}

void hello_native_only(pid_t pid, const char why[MSG_NAME_MAX], char said[MSG_NAME_MAX])
{
	_cleanup_free_ char *text = printable(why, strlen(why), MSG_NAME_MAX);

	if (!strcmp(why, said))
		return;
	memcpy(said, why, strlen(why) + 1);
	log_warn("process %d: only native frames, none of Python: %s", pid, text);
}
