/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences for a terminal of 100 columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/columns.h"
#include "format/difference.h"
#include "format/names.h"
#include "format/text_tables.h"

#define ROWS 10
#define NUMBER 10
#define ERROR 7
#define NUMBERS (3 * NUMBER + ERROR + 2)
#define LABEL 20
#define INDENT_MAX 16

static void put_line(FILE *f, char *text, size_t column)
{
	_cleanup_free_ char *owned = text;

	put_wrapped(f, owned, column, column, TEXT_COLUMNS);
}

static void put_rest(FILE *f, char *text, size_t used)
{
	_cleanup_free_ char *owned = text;

	put_cut(f, owned, TEXT_COLUMNS - used);
	fputc('\n', f);
}

/* A, B, the change and its error, "~" where the change is within the spread; something more follows on the line. */
static void put_delta(FILE *f, const struct delta *d, int decimals, bool more)
{
	struct number error = difference_error(d, decimals);

	put_right(f, number_ms_or_dash(d->a.median, decimals).text, NUMBER);
	put_right(f, number_ms_or_dash(d->b.median, decimals).text, NUMBER);
	put_right(f, difference_ms(delta_change(d), decimals).text, NUMBER);
	if (more || *error.text)
		put_right(f, error.text, ERROR);
	if (!d->beyond && delta_change(d))
		fputs(more || *error.text ? " ~" : "       ~", f);
	else if (more)
		fputs("  ", f);
}

static void put_side(FILE *f, const struct difference *d, const struct side *side, const char *letter)
{
	_cleanup_free_ char *words = difference_side(d, side);

	fprintf(f, "%s  ", letter);
	put_line(f, xasprintf("%s: %s", side->name, words), 3);
}

static void put_classes(FILE *f, const struct difference *d)
{
	int decimals = difference_decimals(d);

	fputs("\nWhere (ms)                       A         B     B − A      ±\n", f);
	for (int c = 0; c < N_TIME_CLASSES; c++) {
		const struct delta *x = &d->classes[c];

		if (!x->a.median && !x->b.median)
			continue;
		fputs("  ", f);
		put_left(f, time_class_labels[c], LABEL + 2);
		put_delta(f, x, decimals, false);
		fputc('\n', f);
	}
	fputs("  ", f);
	put_left(f, "wall time", LABEL + 2);
	put_delta(f, &d->wall, decimals, false);
	fputs("\n  ~ within the spread\n", f);
}

static void put_function(FILE *f, const struct function_delta *x, int decimals)
{
	put_delta(f, &x->self, decimals, true);
	put_right(f, difference_ms(delta_change(&x->total), decimals).text, NUMBER - 2);
	fputs("  ", f);
	put_rest(f, x->frame ? name_frame(x->frame, x->line) : xstrdup("(stack unknown)"), NUMBERS + NUMBER);
}

static void put_functions(FILE *f, const struct difference *d)
{
	size_t shown = 0, passing = functions_passing(d), within = functions_within(d);

	for (size_t i = 0; i < d->n_functions; i++) {
		if (!function_is_told(&d->functions[i]) || shown++ >= ROWS)
			continue;
		if (shown == 1)
			fputs("\nFunctions, CPU in themselves (ms)\n         A         B     B − A      ±     total\n", f);
		put_function(f, &d->functions[i], difference_decimals(d));
	}
	if (!shown && (passing || within))
		fputs("\nFunctions\n", f);
	if (shown > ROWS)
		fprintf(f, "  … and %s\n", number_count(shown - ROWS, "function of less change", "functions of less change").text);
	if (passing)
		fprintf(f, "  %s only in what they call\n", number_count(passing, "library function differs", "library functions differ").text);
	if (within)
		fprintf(f, "  %s within the spread\n", number_count(within, "function is", "functions are").text);
}

static void put_wait(FILE *f, const struct wait_delta *w, int decimals)
{
	_cleanup_free_ char *object = w->object ? name_text(w->object, NAME_COLUMNS) : NULL;
	_cleanup_free_ char *count = xasprintf("%.0f → %.0f", w->count.a.median, w->count.b.median);

	put_delta(f, &w->total, decimals, true);
	put_right(f, count, NUMBER + 2);
	fputs("  ", f);
	put_rest(f, xasprintf("%s%s%s", time_class_words[w->cause], object ? " " : "", object ? object : ""), NUMBERS + NUMBER + 4);
}

static void put_waits(FILE *f, const struct difference *d)
{
	int decimals = difference_decimals(d);
	size_t shown = 0, within = 0;

	for (size_t i = 0; i < d->n_waits; i++) {
		const struct wait_delta *w = &d->waits[i];

		if (!w->total.beyond && !w->count.beyond) {
			within += delta_change(&w->total) != 0;
			continue;
		}
		if (shown++ >= ROWS)
			continue;
		if (shown == 1)
			fputs("\nWaits (ms)\n         A         B     B − A      ±         count\n", f);
		put_wait(f, w, decimals);
	}
	if (shown > ROWS)
		fprintf(f, "  … and %s\n", number_count(shown - ROWS, "wait of less change", "waits of less change").text);
	if (within)
		fprintf(f, "%s%s within the spread\n", shown ? "  " : "\n", number_count(within, "kind of wait is", "kinds of waits are").text);
}

static void put_row(FILE *f, const struct difference *d, const struct difference_row *row, int decimals)
{
	const struct difference_node *n = &d->nodes[row->node];
	_cleanup_free_ char *name = difference_row_name(d, row);
	_cleanup_free_ char *place = n->kind == TREE_FRAME && !row->run ? name_place(alike_get_frame(d->alike, n->thing), n->line) : NULL;
	size_t indent = row->level < INDENT_MAX ? 2 * row->level : 2 * INDENT_MAX;

	put_right(f, number_ms_or_dash(n->total.mean_a, decimals).text, NUMBER);
	put_right(f, number_ms_or_dash(n->total.mean_b, decimals).text, NUMBER);
	put_right(f, difference_ms(n->total.mean_b - n->total.mean_a, decimals).text, NUMBER);
	fputs(n->total.beyond ? "  " : " ~", f);
	put_repeated(f, " ", 1 + indent);
	put_rest(f, xasprintf("%s%s%s", name, place ? "  " : "", place ? place : ""), 3 * NUMBER + 3 + indent);
}

static void put_tree(FILE *f, const struct difference *d)
{
	int decimals = difference_decimals(d);
	struct difference_outline outline;

	difference_outline(d, &outline);
	if (outline.n > 1) {
		fprintf(f, "\nCall tree (ms%s; changes under %s are left out)\n         A         B     B − A\n",
			d->a.n > 1 || d->b.n > 1 ? ", means" : "", number_duration(outline.threshold, decimals).text);
		for (size_t i = 0; i < outline.n; i++)
			put_row(f, d, &outline.rows[i], decimals);
	}
	free(outline.rows);
}

static void put_difference(FILE *f, const struct difference *d)
{
	_cleanup_free_ char *verdict = difference_verdict(d);

	fprintf(f, "%s\n", d->route);
	put_side(f, d, &d->a, "A");
	put_side(f, d, &d->b, "B");
	fprintf(f, "%s\n", verdict);
	put_line(f, difference_method(d), 0);
	put_classes(f, d);
	if (!difference_is_any(d))
		return;
	put_functions(f, d);
	put_waits(f, d);
	put_tree(f, d);
}

static void put_only(FILE *f, const char *side, const char *routes)
{
	if (routes)
		put_line(f, xasprintf("Only in %s, compared with nothing: %s", side, routes), 0);
}

static int write_text(const struct differences *all, FILE *f)
{
	for (size_t i = 0; i < all->n; i++) {
		if (i)
			fputs("\n────────────────────\n\n", f);
		put_difference(f, all->list[i]);
	}
	if (all->only_a || all->only_b)
		fputc('\n', f);
	put_only(f, "A", all->only_a);
	put_only(f, "B", all->only_b);
	return 0;
}

const struct difference_format difference_text = {.name = "text", .extension = ".txt", .write = write_text};
