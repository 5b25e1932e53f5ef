/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Folded stacks, as flame graph tools read them: `thread;outermost;…;innermost weight`, the weight in whole µs. A wait ends in
 * `[CLASS OBJECT]`, the time it then was ready without a CPU in `[run_queue]`.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/printable.h"
#include "format/format.h"

#define NAME_MAX_COLUMNS 200
#define NS_PER_US 1000
#define ON_CPU N_TIME_CLASSES

/* One line: all time of one thread at one stack in one class and object. */
struct line {
	int32_t thread, stack;
	enum time_class class;  /* ON_CPU: no wait */
	const char *object;
	uint64_t ns;
};

struct lines {
	struct line *list;
	size_t n, cap;
};

static void add(struct lines *lines, struct line line)
{
	if (!line.ns)
		return;
	GROW(lines->list, lines->n, lines->cap);
	lines->list[lines->n++] = line;
}

static int compare_objects(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare(const void *va, const void *vb)
{
	const struct line *a = va, *b = vb;

	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	if (a->stack != b->stack)
		return a->stack < b->stack ? -1 : 1;
	if (a->class != b->class)
		return a->class == ON_CPU || (b->class != ON_CPU && a->class < b->class) ? -1 : 1;
	return compare_objects(a->object, b->object);
}

static void merge(struct lines *lines)
{
	size_t n = 0;

	if (lines->n)
		qsort(lines->list, lines->n, sizeof *lines->list, compare);
	for (size_t i = 0; i < lines->n; i++) {
		if (n && !compare(&lines->list[n - 1], &lines->list[i]))
			lines->list[n - 1].ns += lines->list[i].ns;
		else
			lines->list[n++] = lines->list[i];
	}
	lines->n = n;
}

/* A name may hold neither the separator nor what ends a line. */
static void put_name(FILE *f, const char *name)
{
	_cleanup_free_ char *text = printable(name, strlen(name), NAME_MAX_COLUMNS);

	for (char *c = text; *c; c++)
		fputc(*c == ';' ? ',' : *c, f);
}

static void put_stack(FILE *f, const struct profile *p, int32_t stack)
{
	_cleanup_free_ int32_t *path = NULL;
	size_t depth = 0, cap = 0;

	for (; stack >= 0; stack = p->stacks[stack].parent) {
		GROW(path, depth, cap);
		path[depth++] = p->stacks[stack].frame;
	}
	while (depth--) {
		fputc(';', f);
		put_name(f, p->frames[path[depth]].function);
	}
}

static void put_line(FILE *f, const struct profile *p, const struct line *line, uint64_t us)
{
	const struct thread *thread = &p->work.threads[line->thread];
	const char *name = thread->name ? thread->name : thread->comm;

	put_name(f, name && *name ? name : "?");
	put_stack(f, p, line->stack);
	if (line->stack < 0)
		fputs(";[no stack]", f);
	if (line->class != ON_CPU) {
		fprintf(f, ";[%s", time_class_names[line->class]);
		if (line->object) {
			fputc(' ', f);
			put_name(f, line->object);
		}
		fputc(']', f);
	}
	fprintf(f, " %llu\n", (unsigned long long)us);
}

static void collect(const struct profile *p, struct lines *lines)
{
	for (size_t i = 0; i < p->work.n_samples; i++) {
		const struct sample *s = &p->work.samples[i];

		add(lines, (struct line){s->thread, s->stack, ON_CPU, NULL, s->weight_ns});
	}
	for (size_t i = 0; i < p->work.n_waits; i++) {
		const struct wait *w = &p->work.waits[i];

		add(lines, (struct line){w->thread, w->stack, w->cause, w->object, w->duration_ns});
		add(lines, (struct line){w->thread, w->stack, wait_ready_class(w), wait_ready_object(w), w->runnable_ns});
	}
	merge(lines);
}

static int write_folded(const struct profile *p, FILE *f)
{
	struct lines lines = {0};
	uint64_t total = 0;

	collect(p, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		uint64_t before = total / NS_PER_US; /* what rounding takes from a line it gives to the next: the sum stays right */

		total += lines.list[i].ns;
		put_line(f, p, &lines.list[i], total / NS_PER_US - before);
	}
	free(lines.list);
	return 0;
}

const struct format format_folded = {
	.name = "folded",
	.extension = ".folded",
	.help = "one line a stack, for flame graph tools",
	.write = write_folded,
};
