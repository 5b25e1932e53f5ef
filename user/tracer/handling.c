/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/handling.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "reqprof.h"

static bool runs_one_of(pid_t pid, const char *const *files)
{
	char path[64], exe[PATH_MAX];
	const char *name;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof exe - 1);
	exe[n > 0 ? n : 0] = 0;
	name = strrchr(exe, '/') ? strrchr(exe, '/') + 1 : exe;
	for (; files && *files; files++)
		if (!fnmatch(*files, name, 0))
			return true;
	return false;
}

bool handling_is_likely(const pid_t *pids, size_t n, const char *const *files)
{
	for (size_t i = 0; i < n; i++)
		if (runs_one_of(pids[i], files))
			return true;
	return false;
}

/* It may be gone again, or a handler of it not be probed: it has no requests then. */
static int on_fork(void *ctx, void *event, size_t size)
{
	const struct rp_fork *e = event;
	struct handling *h = ctx;

	if (size == sizeof *e)
		handler_probes_inherit(h->probes, e->parent, e->child);
	return 0;
}

static int start(struct handling *h, struct session *session, struct handler_probes *probes, bool any)
{
	struct probe_costs costs;
	int r;

	h->probes = probes;
	h->forks = ring_buffer__new(session_fds(session).forks, on_fork, h, NULL);
	if (!h->forks)
		return log_error("cannot be told of new processes: %s", strerror(errno)), -errno;
	session_measure_probes(session, &costs);
	r = handler_probes_publish(probes, session_handlers(session), &costs, h->worker);
	if (r)
		return log_error("cannot probe a handler: %s", strerror(-r)), r;
	return handler_probes_print(probes, any);
}

int handling_start(struct handling *h, struct session *session, struct handler_probes *probes)
{
	return start(h, session, probes, false);
}

/* Are there connections that the socket source gave up? */
static bool has_rest(const struct session *s)
{
	static const uint32_t counters[] = {RP_COUNT_tls, RP_COUNT_http2};
	const volatile uint64_t *values = session_counters(s);

	for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
		for (size_t row = 0; row < RP_COUNTER_ROWS; row++) {
			if (values[row * RP_COUNTER_ROW + counters[i]])
				return true;
		}
	}
	return false;
}

void handling_look(struct handling *h, struct session *session, struct handler_probes *probes)
{
	if (h->forks || h->failed || !has_rest(session))
		return;
	log_info("TLS or HTTP/2 is spoken: such requests are looked for at the server's handler");
	h->failed = start(h, session, probes, true);
}

int handling_fd(const struct handling *h)
{
	return h->forks ? ring_buffer__epoll_fd(h->forks) : -1;
}

void handling_read(struct handling *h)
{
	ring_buffer__consume(h->forks);
}

void handling_end(struct handling *h)
{
	ring_buffer__free(h->forks);
}
