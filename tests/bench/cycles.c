/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cycles NAME COUNT PID…: attach the probes of a known server to these processes and detach them, so many times, as the program does when it finds a
 * target and loses it; the BPF programs are loaded once and stay. Prints one line, key=value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "handler/find.h"
#include "target.h"
#include "tracer/session.h"

#define BETWEEN_US 2000         /* requests come by while the probes are there, and while they are not */
#define MARKER "profile=1"

struct probed {
	pid_t pid;
	struct handler_found found;
	char path[96];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int find(struct symbolizer *symbols, const struct symbol_source *source, const struct handler_spec *spec, struct probed *p)
{
	char *why = NULL;

	if (symbolizer_add_process(symbols, p->pid) || handler_find(spec, symbolizer_maps(symbols, p->pid), source, p->pid, &p->found, &why) <= 0)
		return fprintf(stderr, "cycles: %d: %s\n", p->pid, why ? why : "its mappings cannot be read"), -1;
	snprintf(p->path, sizeof p->path, "/proc/%d/map_files/%llx-%llx", p->pid, (unsigned long long)p->found.start,
		 (unsigned long long)p->found.end);
	return 0;
}

static int attach(const struct handler_sink *sink, struct probed *list, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = sink->attach(sink->ctx, list[i].pid, 0, &list[i].found.handler, list[i].path, list[i].found.places, list[i].found.n);
	return r;
}

static void detach(const struct handler_sink *sink, struct probed *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sink->detach(sink->ctx, list[i].pid, 0);
}

static int run(struct session *s, struct probed *list, size_t n, unsigned int count)
{
	const struct handler_sink sink = session_handlers(s);
	uint64_t attaching = 0, detaching = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t begin = now_ns(), t;
		int r = attach(&sink, list, n);

		t = now_ns();
		attaching += t - begin;
		if (r)
			return fprintf(stderr, "cycles: cannot attach: %s\n", strerror(-r)), 1;
		usleep(BETWEEN_US);
		begin = now_ns();
		detach(&sink, list, n);
		detaching += now_ns() - begin;
		usleep(BETWEEN_US);
	}
	printf("cycles=%u attach_ns=%llu detach_ns=%llu\n", count, (unsigned long long)attaching / count, (unsigned long long)detaching / count);
	return 0;
}

static struct session *load(const pid_t *pids, size_t n)
{
	static const char *const names[] = {"given"};
	struct tracer_options o = {
		.pids = pids, .n_pids = n, .handlers = names, .n_handlers = 1,
		.config = {.interval_ns = 1000000, .max_live = 1, .n_markers = 1},
		.markers = {{.kind = RP_MARKER_QUERY, .len = strlen(MARKER), .name_len = strcspn(MARKER, "="), .text = MARKER}},
	};
	struct session *s = session_new(&o);
	int r = s ? session_attach(s) : -1;

	for (size_t i = 0; i < n && !r; i++)
		r = session_follow(s, pids[i]);
	if (!r)
		return s;
	session_free(s);
	return NULL;
}

int main(int argc, char **argv)
{
	const struct symbol_source source = target_source();
	struct symbolizer *symbols = symbolizer_new(&source, -1);
	size_t n = argc > 3 ? argc - 3 : 0;
	struct probed *list = xcalloc(n + 1, sizeof *list);
	pid_t *pids = xcalloc(n + 1, sizeof *pids);
	struct handler_spec spec;
	char *why = NULL;
	struct session *s;
	int status = 2;

	if (!n || handler_spec_parse(argv[1], &spec, &why))
		return fprintf(stderr, "usage: cycles NAME COUNT PID…%s%s\n", why ? ": " : "", why ? why : ""), 2;
	for (size_t i = 0; i < n; i++) {
		list[i].pid = pids[i] = atoi(argv[i + 3]);
		if (find(symbols, &source, &spec, &list[i]))
			return 1;
	}
	s = load(pids, n);
	status = s ? run(s, list, n, atoi(argv[2])) : 1;
	session_free(s);
	symbolizer_free(symbols);
	handler_spec_free(&spec);
	free(pids);
	free(list);
	return status;
}
