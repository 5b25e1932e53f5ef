/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/text_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/call_tree.h"
#include "format/columns.h"
#include "format/facts.h"
#include "format/functions.h"
#include "format/names.h"
#include "format/numbers.h"
#include "format/outline.h"
#include "format/wait_groups.h"
#include "profile/own.h"

#define ROWS 10
#define TIME_WIDTH 10
#define CAUSE_WIDTH 10
#define INDENT_MAX 16 /* levels that are drawn */

/* What is left of a line after `used` columns. */
static void put_rest(FILE *f, const char *s, size_t used)
{
	put_cut(f, s, TEXT_COLUMNS - used);
	fputc('\n', f);
}

static void put_ms(FILE *f, uint64_t ns, int decimals)
{
	put_right(f, number_ms_or_dash(ns, decimals).text, TIME_WIDTH);
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

static void put_function(FILE *f, const struct profile *p, const int32_t *merged, const struct function *function, int decimals)
{
	_cleanup_free_ bool *stacks = stacks_ending_in(p, merged, function->frame);
	_cleanup_free_ char *name = function->frame < 0 ? xstrdup("(stack unknown)") : name_frame(&p->frames[function->frame], function->line);
	bool sampled = function->self_ns && function->frame >= 0;

	put_ms(f, function->self_ns, decimals);
	put_right(f, sampled ? number_error(sampling_error_ns(p, stacks), decimals).text : "", TIME_WIDTH - 2);
	put_ms(f, function->total_ns, decimals);
	put_ms(f, function->wait_ns, decimals);
	fputs("  ", f);
	put_rest(f, name, 4 * TIME_WIDTH);
}

void text_functions(FILE *f, const struct profile *p)
{
	_cleanup_free_ int32_t *merged = frames_merge(p);
	int decimals = number_decimals(p->time.wall_ns);
	size_t n;
	_cleanup_free_ struct function *list = functions_list(p, merged, &n);
	uint64_t rest = 0;

	if (!n || !list[0].self_ns)
		return;
	fputs("\nHeaviest functions (ms)\n   self CPU       ±       CPU      wait\n", f);
	for (size_t i = 0; i < n; i++) {
		if (i < ROWS && list[i].self_ns)
			put_function(f, p, merged, &list[i], decimals);
		else
			rest += list[i].self_ns;
	}
	if (rest) {
		put_ms(f, rest, decimals);
		fputs("                              in other functions\n", f);
	}
}

/* ---- waits ------------------------------------------------------------------------------------------------------- */

/* "127.0.0.1:5432 from fetch_orders, app/db.py:88" */
static char *wait_text(const struct profile *p, const char *object, int32_t from)
{
	_cleanup_free_ char *what = object ? name_text(object, NAME_COLUMNS) : xstrdup("");
	_cleanup_free_ char *where = from < 0 ? xstrdup("") : name_frame(&p->frames[from], p->frames[from].line);

	return xasprintf("%s%s%s", what, *where ? *what ? " from " : "from " : "", where);
}

static char *group_text(const struct profile *p, const struct wait_group *g)
{
	_cleanup_free_ char *text = wait_text(p, g->object, g->from);
	_cleanup_free_ char *waker = g->woken ? name_process(g->woken->waker.comm, g->woken->waker.pid) : NULL;

	return waker ? xasprintf("%s, %swoken by %s", text, g->one_waker ? "" : "mostly ", waker) : TAKE_PTR(text);
}

static void put_group(FILE *f, const struct profile *p, const struct wait_group *g, int decimals)
{
	_cleanup_free_ char *text = group_text(p, g);

	put_ms(f, g->total_ns, decimals);
	fprintf(f, "%8zu", g->count);
	put_ms(f, g->median_ns, decimals);
	put_ms(f, g->longest_ns, decimals);
	fputs("  ", f);
	put_left(f, time_class_words[g->cause], CAUSE_WIDTH);
	put_wrapped(f, text, 3 * TIME_WIDTH + 8 + 2 + CAUSE_WIDTH, 3 * TIME_WIDTH + 8 + 2 + CAUSE_WIDTH, TEXT_COLUMNS);
}

static void put_groups(FILE *f, const struct profile *p, int decimals)
{
	size_t n, rest_count = 0;
	_cleanup_free_ struct wait_group *groups = wait_groups(p, &n);
	uint64_t rest = 0;

	fputs("\nWaits (ms)\n      total   count    median   longest\n", f);
	for (size_t i = 0; i < n; i++) {
		if (i < ROWS) {
			put_group(f, p, &groups[i], decimals);
			continue;
		}
		rest += groups[i].total_ns;
		rest_count += groups[i].count;
	}
	if (!rest_count)
		return;
	put_ms(f, rest, decimals);
	fprintf(f, "%8zu                      for other things\n", rest_count);
}

static void put_wait(FILE *f, const struct profile *p, const struct wait *w, int decimals)
{
	_cleanup_free_ char *text = wait_text(p, w->object, stack_own_frame(p, w->stack));

	put_right(f, number_ms(w->t, decimals).text, TIME_WIDTH);
	put_ms(f, w->duration_ns, decimals);
	put_ms(f, w->runnable_ns, decimals);
	fputs("  ", f);
	put_left(f, time_class_words[w->cause], CAUSE_WIDTH);
	put_rest(f, text, 3 * TIME_WIDTH + 2 + CAUSE_WIDTH);
}

void text_waits(FILE *f, const struct profile *p)
{
	int decimals = number_decimals(p->time.wall_ns);
	size_t n;
	_cleanup_free_ const struct wait **longest = longest_waits(p, ROWS, &n);

	if (!n)
		return;
	put_groups(f, p, decimals);
	fputs("\nLongest waits (ms)\n         at    waited     ready\n", f);
	for (size_t i = 0; i < n; i++)
		put_wait(f, p, longest[i], decimals);
	if (p->work.n_waits > n)
		fprintf(f, "  … and %s\n", number_count(p->work.n_waits - n, "shorter one", "shorter ones").text);
}

/* ---- the call tree ----------------------------------------------------------------------------------------------- */

static void put_row(FILE *f, const struct profile *p, const struct call_tree *tree, const struct outline_row *row, int decimals)
{
	const struct tree_node *node = &tree->nodes[row->node];
	_cleanup_free_ char *name = outline_name(p, tree, row);
	_cleanup_free_ char *place = node->kind == TREE_FRAME && !row->run ? name_place(&p->frames[node->frame], node->line) : NULL;
	_cleanup_free_ char *self = NULL;
	_cleanup_free_ char *text = NULL;
	size_t indent = row->level < INDENT_MAX ? 2 * row->level : 2 * INDENT_MAX;

	if (node->self_ns && node->n_children && !row->run)
		self = xasprintf("  self %s", number_ms(node->self_ns, decimals).text);
	text = xasprintf("%s%s%s%s", name, place ? "  " : "", place ? place : "", self ? self : "");
	put_ms(f, tree_total(node), decimals);
	put_ms(f, node->cpu_ns, decimals);
	put_ms(f, node->wait_ns, decimals);
	put_repeated(f, " ", 2 + indent);
	put_rest(f, text, 3 * TIME_WIDTH + 2 + indent);
}

void text_tree(FILE *f, const struct profile *p)
{
	_cleanup_free_ int32_t *merged = frames_merge(p);
	struct call_tree *tree = call_tree_new(p, merged);
	int decimals = number_decimals(p->time.wall_ns);
	struct outline outline;

	outline_make(p, tree, &outline);
	if (tree_total(&tree->nodes[0])) {
		fprintf(f, "\nCall tree (ms; branches under %u %% are left out)\n      total       CPU      wait\n", outline.percent);
		for (size_t i = 0; i < outline.n; i++)
			put_row(f, p, tree, &outline.rows[i], decimals);
		if (tree_total(&tree->nodes[0]) > p->time.wall_ns)
			fputs("  Threads of the request overlap: their times add up to more than its duration.\n", f);
	}
	outline_clear(&outline);
	call_tree_free(tree);
}

/* ---- about ------------------------------------------------------------------------------------------------------- */

void text_about(FILE *f, const struct profile *p)
{
	const struct about *about = &p->about;
	_cleanup_free_ char *after = fact_after(p);
	_cleanup_free_ char *version = name_text(about->version, NAME_COLUMNS);
	_cleanup_free_ char *kernel = name_text(about->kernel, NAME_COLUMNS);
	_cleanup_free_ char *event = name_text(about->event, NAME_COLUMNS);
	_cleanup_free_ char *text = NULL;

	fputc('\n', f);
	if (after)
		put_wrapped(f, after, 0, 0, TEXT_COLUMNS);
	text = xasprintf("Request %s: %s of %s every %s, %s at slice edges; measuring cost %s (%s %%). reqprof %s, Linux %s.", p->request.id,
			 number_count(ticks_count(p), "sample", "samples").text, event, number_duration(about->interval_ns, 1).text,
			 number_count(p->work.n_samples - ticks_count(p), "more", "more").text, number_duration(about->overhead_ns, 3).text,
			 number_percent(about->overhead_ns, p->time.wall_ns).text, version, kernel);
	put_wrapped(f, text, 0, 0, TEXT_COLUMNS);
}
