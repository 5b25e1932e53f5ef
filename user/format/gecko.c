/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Firefox Profiler's processed profile format, version 48, which every later version of it upgrades as it loads. (Its other format, Gecko's,
 * would have to be read out of names by patterns, and its samples have no weights.)
 *
 * The first thread is the whole request, then come its threads, what its tasks awaited, and the threads' work after the response. Each span is a
 * sample with its length in ms as weight; waits and awaits are markers, too, as are the request and its marks.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/carried.h"
#include "format/facts.h"
#include "format/format.h"
#include "format/functions.h"
#include "format/gecko_markers.h"
#include "format/gecko_tables.h"
#include "format/names.h"
#include "format/numbers.h"

#define PROCESSED_VERSION 48
#define GECKO_VERSION 29
#define NS_PER_MS 1000000
#define TITLE_COLUMNS 200
#define LEFT_OUT \
	"Not in this file: stacks of who woke waiting threads, which times are exact and which estimated from samples; borders between samples of one run " \
	"are estimates"

/* A thread of the file. */
struct track {
	const char *name;
	int32_t pid;
	char tid[32];
	bool main;
	const struct lane *lane;
	const struct work *work; /* whose waits are its markers; NULL = none */
	int32_t thread;         /* of them */
};

struct writer {
	const struct profile *p;
	struct json j;
	int32_t *merged;
};

/* ---- samples ----------------------------------------------------------------------------------------------------- */

/* Between two spans and behind the last one nothing was done: a sample without a stack and weight, so that the one before it ends there. */
struct point {
	uint64_t t, weight, cpu; /* cpu: since the point before */
	int32_t stack;
};

struct points {
	struct point *list;
	size_t n, cap;
};

static void add_point(struct points *points, uint64_t t, uint64_t weight, uint64_t cpu, int32_t stack)
{
	GROW(points->list, points->n, points->cap);
	points->list[points->n++] = (struct point){t, weight, cpu, stack};
}

static void make_points(struct gecko_tables *t, const struct lane *lane, struct points *points)
{
	uint64_t at = 0, cpu = 0;

	for (size_t i = 0; i < lane->n; i++) {
		const struct lane_span *span = &lane->list[i];

		if (span->begin > at || !i) {
			add_point(points, at, 0, cpu, -1);
			cpu = 0;
		}
		add_point(points, span->begin, span->end - span->begin, cpu, gecko_stack(t, span));
		cpu = span->class < TIME_run_queue ? span->end - span->begin : 0;
		at = span->end;
	}
	add_point(points, at, 0, cpu, -1);
}

static void put_samples(struct json *j, const struct points *points)
{
#define COLUMN(name, put)                                   \
	do {                                                \
		json_line(j);                               \
		json_key(j, name);                          \
		json_array(j);                              \
		for (size_t i = 0; i < points->n; i++)      \
			put;                                \
		json_array_end(j);                          \
	} while (0)

	json_line(j);
	json_key(j, "samples");
	json_object(j);
	json_key_uint(j, "length", points->n);
	json_key_string(j, "weightType", "tracing-ms");
	COLUMN("stack", points->list[i].stack < 0 ? json_null(j) : json_int(j, points->list[i].stack));
	COLUMN("time", json_ms(j, points->list[i].t));
	COLUMN("weight", json_ms(j, points->list[i].weight));
	COLUMN("threadCPUDelta", json_uint(j, points->list[i].cpu));
	json_object_end(j);
#undef COLUMN
}

/* ---- threads ----------------------------------------------------------------------------------------------------- */

static void put_track_head(struct writer *w, const struct track *track)
{
	_cleanup_free_ char *process = name_text(w->p->request.comm, NAME_COLUMNS);
	_cleanup_free_ char *pid = xasprintf("%d", track->pid);

	json_line(&w->j);
	json_object(&w->j);
	json_key_string(&w->j, "processType", "default");
	json_key_string(&w->j, "processName", process);
	json_key_uint(&w->j, "processStartupTime", 0);
	json_key(&w->j, "processShutdownTime");
	json_null(&w->j);
	json_key_uint(&w->j, "registerTime", 0);
	json_key(&w->j, "unregisterTime");
	json_null(&w->j);
	json_key(&w->j, "pausedRanges");
	json_array(&w->j);
	json_array_end(&w->j);
	json_key_string(&w->j, "name", track->name);
	json_key_bool(&w->j, "isMainThread", track->main);
	json_key_string(&w->j, "pid", pid);
	json_key_string(&w->j, "tid", track->tid);
}

static void put_track(struct writer *w, const struct track *track)
{
	struct gecko_tables t;
	struct points points = {0};
	struct gecko_markers markers = {0};

	gecko_tables_init(&t, w->p, w->merged);
	make_points(&t, track->lane, &points);
	if (track->main)
		gecko_add_request(&markers, &t, track->name);
	else if (track->work)
		gecko_add_waits(&markers, &t, track->work, track->thread);
	else
		gecko_add_awaits(&markers, &t, track->lane);
	put_track_head(w, track);
	put_samples(&w->j, &points);
	gecko_put_markers(&w->j, &markers);
	gecko_put_tables(&w->j, &t);
	json_object_end(&w->j);
	free(points.list);
	free(markers.list);
	gecko_tables_free(&t);
}

static void put_threads_of(struct writer *w, const struct work *work, const char *suffix)
{
	for (size_t i = 0; i < work->n_threads; i++) {
		const struct thread *thread = &work->threads[i];
		struct lane lane = lane_of_thread(work, i);
		_cleanup_free_ char *text = name_thread(thread);
		_cleanup_free_ char *name = xasprintf("%s%s", text, suffix);
		struct track track = {.name = name, .pid = thread->pid, .lane = &lane, .work = work, .thread = i};

		snprintf(track.tid, sizeof track.tid, "%d%s", thread->tid, *suffix ? " after" : "");
		put_track(w, &track);
		lane_free(&lane);
	}
}

static void put_tasks(struct writer *w)
{
	for (size_t i = 0; i < w->p->n_tasks; i++) {
		struct lane lane = lane_of_task(w->p, i);
		_cleanup_free_ char *text = name_text(w->p->tasks[i].name, NAME_COLUMNS);
		_cleanup_free_ char *name = xasprintf("%s awaits", text);
		struct track track = {.name = name, .pid = w->p->request.pid, .lane = &lane};

		snprintf(track.tid, sizeof track.tid, "task %zu", i + 1);
		if (lane.n)
			put_track(w, &track);
		lane_free(&lane);
	}
}

static void put_threads(struct writer *w)
{
	_cleanup_free_ char *request = fact_request(w->p, TITLE_COLUMNS);
	struct lane lane = lane_of_request(w->p);
	struct track track = {.name = request, .pid = w->p->request.pid, .tid = "request", .main = true, .lane = &lane};

	json_key(&w->j, "threads");
	json_array(&w->j);
	put_track(w, &track);
	lane_free(&lane);
	put_threads_of(w, &w->p->work, "");
	put_tasks(w);
	if (w->p->after)
		put_threads_of(w, w->p->after, ", after the response");
	json_array_end(&w->j);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static void put_units(struct json *j)
{
	json_key(j, "sampleUnits");
	json_object(j);
	json_key_string(j, "time", "ms");
	json_key_string(j, "eventDelay", "ms");
	json_key_string(j, "threadCPUDelta", "ns");
	json_object_end(j);
}

/* The profiler shows "extra" under its own label; there is no field for comments. */
static void put_comment(struct json *j, const struct profile *p)
{
	char **lines = carried(p, LEFT_OUT);

	json_key(j, "extra");
	json_array(j);
	json_object(j);
	json_key_string(j, "label", "reqprof");
	json_key(j, "entries");
	json_array(j);
	for (size_t i = 0; lines[i]; i++) {
		json_object(j);
		json_key_string(j, "label", i ? "" : "report");
		json_key_string(j, "format", "string");
		json_key_string(j, "value", lines[i]);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
	json_array_end(j);
	carried_free(lines);
}

static void put_meta(struct json *j, const struct profile *p)
{
	_cleanup_free_ char *process = name_text(p->request.comm, NAME_COLUMNS);

	json_key(j, "meta");
	json_object(j);
	json_key_uint(j, "version", GECKO_VERSION);
	json_key_uint(j, "preprocessedProfileVersion", PROCESSED_VERSION);
	json_key_ms(j, "interval", p->about.interval_ns ? p->about.interval_ns : NS_PER_MS);
	json_key_ms(j, "startTime", p->request.start_ns);
	json_key_uint(j, "processType", 0);
	json_key_string(j, "product", process);
	json_key_uint(j, "stackwalk", 1);
	json_key_string(j, "oscpu", "Linux x86_64");
	json_key_bool(j, "symbolicated", true);
	json_key_bool(j, "doesNotUseFrameImplementation", true);
	json_key_bool(j, "usesOnlyOneStackType", true);
	json_key_bool(j, "sourceCodeIsNotOnSearchfox", true);
	gecko_put_categories(j);
	put_units(j);
	gecko_put_schemas(j);
	put_comment(j, p);
	json_object_end(j);
}

static int write_gecko(const struct profile *p, FILE *f)
{
	struct writer w = {.p = p, .merged = frames_merge(p)};

	json_init(&w.j, f);
	json_object(&w.j);
	put_meta(&w.j, p);
	json_line(&w.j);
	gecko_put_libs(&w.j, p);
	put_threads(&w);
	json_object_end(&w.j);
	fputc('\n', f);
	free(w.merged);
	return 0;
}

const struct format format_gecko = {
	.name = "gecko",
	.extension = ".gecko.json",
	.help = "for the Firefox Profiler: threads, tasks, waits as markers",
	.write = write_gecko,
};
