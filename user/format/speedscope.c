/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * speedscope's own file format: sampled profiles with weights in ns over one list of frames. The first is the whole request, then one for each
 * thread, for what each task awaited, and for each thread's work after the response. All but the last begin with the request, so that they lie
 * below each other in time order; where a thread or task did nothing for the request the stack is empty.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "format/carried.h"
#include "format/facts.h"
#include "format/format.h"
#include "format/functions.h"
#include "format/lanes.h"
#include "format/names.h"
#include "format/numbering.h"

#define TITLE_COLUMNS 200
#define LEFT_OUT \
	"Not in this file: who woke waiting threads, marks, which times are exact and which estimated from samples, what the event loop was busy with, " \
	"modules and kinds of frames, lines but one of each function; borders between samples of one run are estimates"

struct writer {
	const struct profile *p;
	struct json j;
	int32_t *merged;        /* by frame: its function's */
	uint32_t *numbers;      /* by function: its number in the file */
	uint32_t n;
	struct numbering leaves; /* frames that are no function: what was waited for */
	uint32_t first_leaf;    /* number of the first of them */
};

/* ---- frames ------------------------------------------------------------------------------------------------------ */

static void put_frame(struct writer *w, const char *name, const char *file, uint32_t line)
{
	json_line(&w->j);
	json_object(&w->j);
	json_key_string(&w->j, "name", name);
	if (file)
		json_key_string(&w->j, "file", file);
	if (file && line)
		json_key_uint(&w->j, "line", line);
	json_object_end(&w->j);
	w->n++;
}

static void put_functions(struct writer *w)
{
	size_t n;
	_cleanup_free_ struct function *functions = functions_list(w->p, w->merged, &n);
	_cleanup_free_ uint32_t *lines = xcalloc(w->p->n_frames, sizeof *lines);

	for (size_t i = 0; i < n; i++)
		if (functions[i].frame >= 0)
			lines[functions[i].frame] = functions[i].line;
	for (size_t i = 0; i < w->p->n_frames; i++) {
		const struct frame *f = &w->p->frames[i];
		const char *file = f->file && *f->file ? f->file : f->module;

		if (w->merged[i] != (int32_t)i)
			continue;
		w->numbers[i] = w->n;
		put_frame(w, f->function, file, file == f->file ? lines[i] ? lines[i] : f->line : 0);
	}
}

/* By its text: what a lane calls an object need not outlive it. false: it has none. */
static bool leaf_number(struct writer *w, const struct lane_span *span, uint32_t *ret)
{
	_cleanup_free_ char *name = lane_leaf(span);

	if (name)
		*ret = w->first_leaf + numbering_text(&w->leaves, name);
	return name;
}

static void number_leaves(struct writer *w, const char *name, const struct lane *lane, uint64_t from, uint64_t to)
{
	uint32_t unused;

	(void)name;
	(void)from;
	(void)to;
	for (size_t i = 0; i < lane->n; i++)
		leaf_number(w, &lane->list[i], &unused);
}

static void put_leaves(struct writer *w)
{
	const struct numbered *e = NULL;

	while ((e = numbering_next(&w->leaves, e)))
		put_frame(w, numbering_key(e), NULL, 0);
}

/* ---- profiles ---------------------------------------------------------------------------------------------------- */

static void put_stack(struct writer *w, const struct lane_span *span)
{
	_cleanup_free_ int32_t *path = NULL;
	size_t depth = 0, cap = 0;
	uint32_t leaf;

	json_array(&w->j);
	for (int32_t s = span->stack; s >= 0; s = w->p->stacks[s].parent) {
		GROW(path, depth, cap);
		path[depth++] = w->merged[w->p->stacks[s].frame];
	}
	while (depth)
		json_uint(&w->j, w->numbers[path[--depth]]);
	if (leaf_number(w, span, &leaf))
		json_uint(&w->j, leaf);
	json_array_end(&w->j);
}

static void put_gap(struct json *j)
{
	json_array(j);
	json_array_end(j);
}

static void put_samples(struct writer *w, const struct lane *lane, uint64_t from, uint64_t to)
{
	uint64_t at = from;

	json_key(&w->j, "samples");
	json_array(&w->j);
	for (size_t i = 0; i < lane->n; at = lane->list[i++].end) {
		if (lane->list[i].begin > at)
			put_gap(&w->j);
		put_stack(w, &lane->list[i]);
	}
	if (at < to)
		put_gap(&w->j);
	json_array_end(&w->j);
}

static void put_weights(struct writer *w, const struct lane *lane, uint64_t from, uint64_t to)
{
	uint64_t at = from;

	json_key(&w->j, "weights");
	json_array(&w->j);
	for (size_t i = 0; i < lane->n; at = lane->list[i++].end) {
		if (lane->list[i].begin > at)
			json_uint(&w->j, lane->list[i].begin - at);
		json_uint(&w->j, lane->list[i].end - lane->list[i].begin);
	}
	if (at < to)
		json_uint(&w->j, to - at);
	json_array_end(&w->j);
}

static void put_profile(struct writer *w, const char *name, const struct lane *lane, uint64_t from, uint64_t to)
{
	uint64_t end = lane->n ? lane->list[lane->n - 1].end : 0;

	if (end < to)
		end = to;
	json_line(&w->j);
	json_object(&w->j);
	json_key_string(&w->j, "type", "sampled");
	json_key_string(&w->j, "name", name);
	json_key_string(&w->j, "unit", "nanoseconds");
	json_key_uint(&w->j, "startValue", from);
	json_key_uint(&w->j, "endValue", end);
	json_line(&w->j);
	put_samples(w, lane, from, end);
	json_line(&w->j);
	put_weights(w, lane, from, end);
	json_object_end(&w->j);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* A lane and what its profile is called. */
typedef void (*visitor)(struct writer *w, const char *name, const struct lane *lane, uint64_t from, uint64_t to);

static void visit_threads(struct writer *w, const struct work *work, uint64_t from, uint64_t to, const char *suffix, visitor visit)
{
	for (size_t i = 0; i < work->n_threads; i++) {
		struct lane lane = lane_of_thread(work, i);
		_cleanup_free_ char *thread = name_thread(&work->threads[i]);
		_cleanup_free_ char *name = xasprintf("%s %d%s", thread, work->threads[i].tid, suffix);

		visit(w, name, &lane, from, to);
		lane_free(&lane);
	}
}

static void visit_tasks(struct writer *w, visitor visit)
{
	for (size_t i = 0; i < w->p->n_tasks; i++) {
		struct lane lane = lane_of_task(w->p, i);
		_cleanup_free_ char *task = name_text(w->p->tasks[i].name, NAME_COLUMNS);
		_cleanup_free_ char *name = xasprintf("%s awaits", task);

		if (lane.n)
			visit(w, name, &lane, 0, w->p->time.wall_ns);
		lane_free(&lane);
	}
}

static void visit_all(struct writer *w, visitor visit)
{
	_cleanup_free_ char *request = fact_request(w->p, TITLE_COLUMNS);
	struct lane lane = lane_of_request(w->p);
	uint64_t wall = w->p->time.wall_ns;

	visit(w, request, &lane, 0, wall);
	lane_free(&lane);
	visit_threads(w, &w->p->work, 0, wall, "", visit);
	visit_tasks(w, visit);
	if (w->p->after)
		visit_threads(w, w->p->after, wall, wall, ", after the response", visit);
}

static void put_head(struct writer *w)
{
	_cleanup_free_ char *request = fact_request(w->p, TITLE_COLUMNS);
	_cleanup_free_ char *comment = carried_text(w->p, LEFT_OUT);

	json_key_string(&w->j, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json_key_string(&w->j, "exporter", "reqprof");
	json_key_string(&w->j, "name", request);
	json_key_string(&w->j, "comment", comment);
	json_key_uint(&w->j, "activeProfileIndex", 0);
}

static int write_speedscope(const struct profile *p, FILE *f)
{
	struct writer w = {.p = p, .merged = frames_merge(p), .numbers = xcalloc(p->n_frames, sizeof *w.numbers)};

	json_init(&w.j, f);
	json_object(&w.j);
	put_head(&w);
	json_key(&w.j, "shared");
	json_object(&w.j);
	json_key(&w.j, "frames");
	json_array(&w.j);
	put_functions(&w);
	w.first_leaf = w.n;
	visit_all(&w, number_leaves);
	put_leaves(&w);
	json_array_end(&w.j);
	json_object_end(&w.j);
	json_key(&w.j, "profiles");
	json_array(&w.j);
	visit_all(&w, put_profile);
	json_array_end(&w.j);
	json_object_end(&w.j);
	fputc('\n', f);
	numbering_free(&w.leaves);
	free(w.merged);
	free(w.numbers);
	return 0;
}

const struct format format_speedscope = {
	.name = "speedscope",
	.extension = ".speedscope.json",
	.help = "for speedscope: the request, and each thread and task, in time order",
	.write = write_speedscope,
};
