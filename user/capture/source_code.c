/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/source_code.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/printable.h"
#include "capture/namer_source.h"
#include "profile/own.h"

#define PATH_COLUMNS 512

/* An executed line. */
struct used_line {
	const char *file;       /* interned */
	int32_t pid;            /* of a process that was in it */
	uint32_t line;
	uint64_t ns;            /* in it and what it called */
	uint64_t file_ns;       /* most of any line of the file */
	bool own;               /* the program's own code, not a library's */
};

struct used_lines {
	struct used_line *list;
	size_t n, cap;
};

/* ---- which lines ------------------------------------------------------------------------------------------------- */

/* Time below each stack, and a process that it was seen in. */
static void sum_stacks(const struct profile *p, uint64_t *ns, int32_t *pid)
{
	const struct work *w = &p->work;

#define ADD(stack_, ns_, pid_)                 \
	do {                                   \
		if ((stack_) >= 0) {           \
			ns[stack_] += (ns_);   \
			pid[stack_] = (pid_);  \
		}                              \
	} while (0)

	for (size_t i = 0; i < w->n_samples; i++)
		ADD(w->samples[i].stack, w->samples[i].weight_ns, w->threads[w->samples[i].thread].pid);
	for (size_t i = 0; i < w->n_waits; i++)
		ADD(w->waits[i].stack, w->waits[i].duration_ns + w->waits[i].runnable_ns, w->threads[w->waits[i].thread].pid);
	for (size_t i = 0; i < p->n_awaits; i++)
		ADD(p->awaits[i].stack, p->awaits[i].suspended_ns, p->request.pid);
	for (size_t i = p->n_stacks; i-- > 0;)
		if (ns[i])
			ADD(p->stacks[i].parent, ns[i], pid[i]);
#undef ADD
}

/* What stands in angle brackets is no file: Python's <string>, <frozen importlib>. */
static bool has_source(const struct frame *f)
{
	return f->file && *f->file && *f->file != '<' && f->line && f->kind != FRAME_kernel;
}

static int by_line(const void *va, const void *vb)
{
	const struct used_line *a = va, *b = vb;
	int order = strcmp(a->file, b->file);

	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static int by_file_time(const void *va, const void *vb)
{
	const struct used_line *a = va, *b = vb;

	if (a->own != b->own)
		return a->own ? -1 : 1;
	if (a->file_ns != b->file_ns)
		return a->file_ns < b->file_ns ? 1 : -1;
	return by_line(va, vb);
}

static void merge(struct used_lines *lines)
{
	size_t n = 0, first = 0;

	for (size_t i = 0; i < lines->n; i++) {
		if (n && !by_line(&lines->list[n - 1], &lines->list[i]))
			lines->list[n - 1].ns += lines->list[i].ns;
		else
			lines->list[n++] = lines->list[i];
	}
	lines->n = n;
	for (size_t i = 1; i <= n; i++) {
		uint64_t most = 0;
		bool own = false;

		if (i < n && lines->list[i].file == lines->list[first].file)
			continue;
		for (size_t k = first; k < i; k++) {
			most = lines->list[k].ns > most ? lines->list[k].ns : most;
			own |= lines->list[k].own;
		}
		for (; first < i; first++) {
			lines->list[first].file_ns = most;
			lines->list[first].own = own;
		}
	}
}

/* The lines of a file stand together and ascend; files of the program before those of libraries, then the one whose heaviest line has the most
 * time. */
static struct used_lines find_lines(const struct profile *p)
{
	_cleanup_free_ uint64_t *ns = xcalloc(p->n_stacks, sizeof *ns);
	_cleanup_free_ int32_t *pid = xcalloc(p->n_stacks, sizeof *pid);
	struct used_lines lines = {0};

	sum_stacks(p, ns, pid);
	for (size_t i = 0; i < p->n_stacks; i++) {
		const struct frame *f = &p->frames[p->stacks[i].frame];

		if (!ns[i] || !has_source(f))
			continue;
		GROW(lines.list, lines.n, lines.cap);
		lines.list[lines.n++] = (struct used_line){
			.file = f->file, .pid = pid[i], .line = f->line, .ns = ns[i], .own = frame_is_own(f),
		};
	}
	if (!lines.n)
		return lines;
	qsort(lines.list, lines.n, sizeof *lines.list, by_line);
	merge(&lines);
	qsort(lines.list, lines.n, sizeof *lines.list, by_file_time);
	return lines;
}

/* ---- reading them ------------------------------------------------------------------------------------------------ */

/* Lines that come in, as pieces of the profile. */
struct collecting {
	struct profile *p;
	const char *file;
	bool newer;
	size_t bytes;           /* of the whole report */
	char *text;             /* the piece that is being made; NULL = none */
	size_t n, cap;
	uint32_t first, next;   /* its first line, the one that would go on with it */
};

static void add_piece(struct collecting *c, const char *text, const char *error)
{
	struct profile *p = c->p;

	GROW(p->sources, p->n_sources, p->cap_sources);
	p->sources[p->n_sources++] = (struct source_lines){
		.file = c->file, .first_line = text ? c->first : 0, .text = profile_string(p, text), .error = profile_string(p, error),
		.newer = c->newer,
	};
}

static void end_piece(struct collecting *c)
{
	if (c->text)
		add_piece(c, c->text, NULL);
	free(TAKE_PTR(c->text));
	c->n = c->cap = 0;
}

static void append(struct collecting *c, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		GROW(c->text, c->n, c->cap);
		c->text[c->n++] = text[i];
	}
}

static void take_line(void *ctx, uint32_t number, const char *text)
{
	struct collecting *c = ctx;
	size_t n = strlen(text);

	if (c->bytes + n > SOURCE_BYTES_MAX)
		return;
	if (c->text && number != c->next)
		end_piece(c);
	if (!c->text)
		c->first = number;
	if (c->n)
		c->text[c->n - 1] = '\n';
	append(c, text, n + 1);
	c->next = number + 1;
	c->bytes += n + 1;
}

static size_t make_ranges(const struct used_line *lines, size_t n, struct line_range *ranges)
{
	size_t n_ranges = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t line = lines[i].line, first = line > SOURCE_CONTEXT ? line - SOURCE_CONTEXT : 1, last = line + SOURCE_CONTEXT;

		if (last < line)
			last = UINT32_MAX;
		if (n_ranges && first <= ranges[n_ranges - 1].last)
			ranges[n_ranges - 1].last = last;
		else
			ranges[n_ranges++] = (struct line_range){first, last};
	}
	return n_ranges;
}

static void add_file(struct namer *n, struct collecting *c, const struct used_line *lines, size_t n_lines)
{
	_cleanup_free_ struct line_range *ranges = xcalloc(n_lines, sizeof *ranges);
	size_t n_ranges = make_ranges(lines, n_lines, ranges), before = c->p->n_sources;
	int r;

	c->file = lines->file;
	c->newer = false;
	r = namer_source(n, lines->pid, c->file, ranges, n_ranges, take_line, c, &c->newer);
	end_piece(c);
	if (r < 0)
		add_piece(c, NULL, strerror(-r));
	if (r < 0 && log_level() >= LOG_VERBOSE) {
		_cleanup_free_ char *path = printable(c->file, strlen(c->file), PATH_COLUMNS);

		log_debug("--source: cannot read %s: %s", path, strerror(-r));
	}
	for (size_t i = before; i < c->p->n_sources; i++)
		c->p->sources[i].newer = c->newer;
}

void source_code_add(struct namer *n, struct profile *p)
{
	struct collecting c = {.p = p};
	struct used_lines lines = find_lines(p);
	size_t files = 0;

	p->about.keeps_sources = true;
	for (size_t i = 0, next; i < lines.n && files < SOURCE_FILES_MAX && c.bytes < SOURCE_BYTES_MAX; i = next, files++) {
		for (next = i + 1; next < lines.n && lines.list[next].file == lines.list[i].file; next++)
			;
		add_file(n, &c, &lines.list[i], next - i);
	}
	free(lines.list);
}
