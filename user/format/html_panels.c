/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The panels' tables as they are without script. The script takes over the call tree and adds to the others. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/call_tree.h"
#include "format/functions.h"
#include "format/html.h"
#include "format/html_text.h"
#include "format/names.h"
#include "format/numbers.h"
#include "format/outline.h"
#include "format/wait_groups.h"
#include "profile/own.h"

#define ROWS 20
#define LEVEL_SPACE "\u2003" /* an indentation that needs no style sheet */
#define LEVELS_MAX 16

static void put_header(FILE *f, const char *table_class, const char *const *columns, size_t n, size_t n_numbers)
{
	fprintf(f, "<div class=\"scroll\"><table class=\"%s\"><thead><tr>", table_class);
	for (size_t i = 0; i < n; i++)
		fprintf(f, i < n_numbers ? "<th scope=\"col\" class=\"num\">%s</th>" : "<th scope=\"col\">%s</th>", columns[i]);
	fputs("</tr></thead><tbody>\n", f);
}

#define HEADER(f, class, n_numbers, ...)                                                                 \
	put_header(f, class, (const char *const[]){__VA_ARGS__}, ARRAY_LEN(((const char *const[]){__VA_ARGS__})), n_numbers)

static void put_footer(FILE *f)
{
	fputs("</tbody></table></div>\n", f);
}

static void put_ms(FILE *f, uint64_t ns, int decimals)
{
	fprintf(f, "<td class=\"num\">%s</td>", number_ms_or_dash(ns, decimals).text);
}

static void put_place(FILE *f, const struct frame *frame, uint32_t line)
{
	html_element(f, "td", "place", name_place(frame, line));
}

/* ---- call tree --------------------------------------------------------------------------------------------------- */

static void put_tree_row(FILE *f, const struct profile *p, const struct call_tree *tree, const struct outline_row *row, int decimals)
{
	const struct tree_node *node = &tree->nodes[row->node];
	bool is_frame = node->kind == TREE_FRAME && !row->run;

	fputs("<tr>", f);
	put_ms(f, tree_total(node), decimals);
	put_ms(f, node->cpu_ns, decimals);
	put_ms(f, node->wait_ns, decimals);
	fputs("<td>", f);
	for (unsigned i = 0; i < row->level && i < LEVELS_MAX; i++)
		fputs(LEVEL_SPACE, f);
	html_element(f, "span", is_frame ? "name" : "aside", outline_name(p, tree, row));
	if (is_frame) {
		fputc(' ', f);
		html_element(f, "span", "place", name_place(&p->frames[node->frame], node->line));
	}
	if (is_frame && node->self_ns && node->n_children)
		fprintf(f, " <span class=\"aside\">self %s</span>", number_ms(node->self_ns, decimals).text);
	fputs("</td></tr>\n", f);
}

void html_tree(const struct profile *p, FILE *f)
{
	_cleanup_free_ int32_t *merged = frames_merge(p);
	struct call_tree *tree = call_tree_new(p, merged);
	struct outline outline;

	outline_make(p, tree, &outline);
	fprintf(f, "<p class=\"note\">Times in ms. Branches under %u %% are left out.", outline.percent);
	if (tree_total(&tree->nodes[0]) > p->time.wall_ns)
		fputs(" Threads of the request overlap: their times add up to more than its duration.", f);
	fputs("</p>\n", f);
	HEADER(f, "outline", 3, "Total", "CPU", "Wait", "Function");
	for (size_t i = 0; i < outline.n; i++)
		put_tree_row(f, p, tree, &outline.rows[i], number_decimals(p->time.wall_ns));
	put_footer(f);
	outline_clear(&outline);
	call_tree_free(tree);
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

static void put_function(FILE *f, const struct profile *p, const int32_t *merged, const struct function *function, int decimals)
{
	_cleanup_free_ bool *stacks = stacks_ending_in(p, merged, function->frame);
	const struct frame *frame = function->frame < 0 ? NULL : &p->frames[function->frame];

	fputs("<tr>", f);
	put_ms(f, function->self_ns, decimals);
	fprintf(f, "<td class=\"num error\">%s%s</td>", frame && function->self_ns ? "± " : "",
		frame && function->self_ns ? number_error(sampling_error_ns(p, stacks), decimals).text : "");
	put_ms(f, function->total_ns, decimals);
	put_ms(f, function->wait_ns, decimals);
	fprintf(f, "<td class=\"num\">%zu</td>", function->samples);
	if (frame) {
		html_element(f, "td", "name", name_function(frame));
		put_place(f, frame, function->line);
		html_element(f, "td", "module", frame->file && frame->module ? name_module(frame->module) : NULL);
	} else {
		fputs("<td class=\"aside\">stack unknown</td><td></td><td></td>", f);
	}
	fputs("</tr>\n", f);
}

void html_functions(const struct profile *p, FILE *f)
{
	_cleanup_free_ int32_t *merged = frames_merge(p);
	size_t n;
	_cleanup_free_ struct function *list = functions_list(p, merged, &n);

	if (!n) {
		fputs("<p class=\"empty\">No stack was taken: no function is known.</p>\n", f);
		return;
	}
	if (n > ROWS)
		fprintf(f, "<p class=\"note\">The %d heaviest of %zu functions, by CPU time in themselves. Times in ms.</p>\n", ROWS, n);
	else
		fputs("<p class=\"note\">By CPU time in themselves. Times in ms.</p>\n", f);
	HEADER(f, "functions", 5, "Self CPU", "±", "Total CPU", "Wait", "Samples", "Function", "Where", "Module");
	for (size_t i = 0; i < n && i < ROWS; i++)
		put_function(f, p, merged, &list[i], number_decimals(p->time.wall_ns));
	put_footer(f);
}

/* ---- waits ------------------------------------------------------------------------------------------------------- */

static void put_cause(FILE *f, enum time_class cause)
{
	fprintf(f, "<td><span class=\"key c-%s\"></span>%s</td>", time_class_names[cause], time_class_labels[cause]);
}

static void put_what(FILE *f, const struct profile *p, const char *object, int32_t from, const struct wait *woken)
{
	html_element(f, "td", "object", object ? name_text(object, NAME_COLUMNS) : NULL);
	html_element(f, "td", "name", from < 0 ? NULL : name_frame(&p->frames[from], p->frames[from].line));
	html_element(f, "td", NULL, woken ? name_process(woken->waker.comm, woken->waker.pid) : NULL);
	fputs("</tr>\n", f);
}

static void put_group(FILE *f, const struct profile *p, const struct wait_group *g, int decimals)
{
	fputs("<tr>", f);
	put_ms(f, g->total_ns, decimals);
	fprintf(f, "<td class=\"num\">%zu</td>", g->count);
	put_ms(f, g->median_ns, decimals);
	put_ms(f, g->longest_ns, decimals);
	put_cause(f, g->cause);
	put_what(f, p, g->object, g->from, g->woken);
}

static void put_groups(const struct profile *p, FILE *f)
{
	size_t n;
	_cleanup_free_ struct wait_group *groups = wait_groups(p, &n);

	if (n > ROWS)
		fprintf(f, "<p class=\"note\">The %d longest of %zu groups. Times in ms.</p>\n", ROWS, n);
	else
		fputs("<p class=\"note\">By what was waited for. Times in ms.</p>\n", f);
	HEADER(f, "groups", 4, "Total", "Count", "Median", "Longest", "Cause", "Object", "From", "Woken by");
	for (size_t i = 0; i < n && i < ROWS; i++)
		put_group(f, p, &groups[i], number_decimals(p->time.wall_ns));
	put_footer(f);
}

static void put_wait(FILE *f, const struct profile *p, const struct wait *w, int decimals)
{
	fprintf(f, "<tr><td class=\"num\">%s</td>", number_ms(w->t, decimals).text);
	put_ms(f, w->duration_ns, decimals);
	put_ms(f, w->runnable_ns, decimals);
	put_cause(f, w->cause);
	put_what(f, p, w->object, stack_own_frame(p, w->stack), w->has_waker ? w : NULL);
}

void html_waits(const struct profile *p, FILE *f)
{
	size_t n;
	_cleanup_free_ const struct wait **longest = longest_waits(p, ROWS, &n);

	if (!n) {
		fputs("<p class=\"empty\">No wait was recorded.</p>\n", f);
		return;
	}
	put_groups(p, f);
	if (p->work.n_waits > n)
		fprintf(f, "<h3>The %zu longest of %zu waits</h3>\n", n, p->work.n_waits);
	else
		fputs("<h3>Every wait, the longest first</h3>\n", f);
	HEADER(f, "longest", 3, "At", "Waited", "Ready", "Cause", "Object", "From", "Woken by");
	for (size_t i = 0; i < n; i++)
		put_wait(f, p, longest[i], number_decimals(p->time.wall_ns));
	put_footer(f);
}
