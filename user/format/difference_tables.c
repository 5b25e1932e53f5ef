/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/difference_html.h"
#include "format/html_text.h"
#include "format/names.h"

#define ROWS 20
#define LEVEL_SPACE "\u2003" /* an indentation that needs no style sheet */
#define LEVELS_MAX 16

static void put_header(FILE *f, const char *class, const char *const *columns, size_t n, size_t n_numbers)
{
	fprintf(f, "<div class=\"scroll\"><table class=\"%s\"><thead><tr>", class);
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

static const char *class_of(double change, bool beyond)
{
	return !beyond || !change ? "within" : change > 0 ? "slower" : "faster";
}

static void put_change(FILE *f, double change, bool beyond, int decimals)
{
	fprintf(f, "<td class=\"num %s\">%s</td>", class_of(change, beyond), difference_ms(change, decimals).text);
}

/* A, B, the change and its error. */
static void put_delta(FILE *f, const struct delta *d, int decimals)
{
	struct number error = difference_error(d, decimals);

	fprintf(f, "<td class=\"num\">%s</td><td class=\"num\">%s</td>", number_ms_or_dash(d->a.median, decimals).text,
		number_ms_or_dash(d->b.median, decimals).text);
	put_change(f, delta_change(d), d->beyond, decimals);
	fprintf(f, "<td class=\"num error\">%s%s</td>", *error.text ? "± " : "", error.text);
}

static void put_within(FILE *f, size_t n, const char *one, const char *many)
{
	if (n)
		fprintf(f, "<p class=\"note\">%s within the spread.</p>\n", number_count(n, one, many).text);
}

/* ---- classes ------------------------------------------------------------------------------------------------------------ */

void difference_html_classes(FILE *f, const struct difference *d)
{
	int decimals = difference_decimals(d);

	HEADER(f, "deltas", 4, "A", "B", "B − A", "", "Where the time went, in ms; grey: within the spread");
	for (int c = 0; c < N_TIME_CLASSES; c++) {
		if (!d->classes[c].a.median && !d->classes[c].b.median)
			continue;
		fputs("<tr>", f);
		put_delta(f, &d->classes[c], decimals);
		fprintf(f, "<td><span class=\"key c-%s\"></span>%s</td></tr>\n", time_class_names[c], time_class_labels[c]);
	}
	fputs("<tr>", f);
	put_delta(f, &d->wall, decimals);
	fputs("<td><b>wall time</b></td></tr>\n", f);
	put_footer(f);
}

/* ---- functions ---------------------------------------------------------------------------------------------------------- */

static void put_function(FILE *f, const struct function_delta *x, int decimals)
{
	fputs("<tr>", f);
	put_delta(f, &x->self, decimals);
	put_change(f, delta_change(&x->total), x->total.beyond, decimals);
	put_change(f, delta_change(&x->wait), x->wait.beyond, decimals);
	html_element(f, "td", "name", x->frame ? name_function(x->frame) : xstrdup("stack unknown"));
	html_element(f, "td", "place", x->frame ? name_place(x->frame, x->line) : NULL);
	fputs("</tr>\n", f);
}

void difference_html_functions(FILE *f, const struct difference *d)
{
	size_t shown = 0;

	for (size_t i = 0; i < d->n_functions; i++) {
		if (!function_is_told(&d->functions[i]) || shown++ >= ROWS)
			continue;
		if (shown == 1)
			HEADER(f, "deltas", 6, "Self CPU, A", "B", "B − A", "", "Total CPU", "Wait", "Function", "Where");
		put_function(f, &d->functions[i], difference_decimals(d));
	}
	if (shown)
		put_footer(f);
	else
		fputs("<p class=\"empty\">No function differs in itself beyond the spread.</p>\n", f);
	if (shown > ROWS)
		fprintf(f, "<p class=\"note\">… and %s.</p>\n", number_count(shown - ROWS, "function of less change", "functions of less change").text);
	if (functions_passing(d))
		fprintf(f, "<p class=\"note\">%s only in what they call.</p>\n",
			number_count(functions_passing(d), "library function differs", "library functions differ").text);
	put_within(f, functions_within(d), "function is", "functions are");
}

/* ---- waits ---------------------------------------------------------------------------------------------------------------- */

static void put_wait(FILE *f, const struct wait_delta *w, int decimals)
{
	fputs("<tr>", f);
	put_delta(f, &w->total, decimals);
	fprintf(f, "<td class=\"num\">%.0f → %.0f</td>", w->count.a.median, w->count.b.median);
	fprintf(f, "<td><span class=\"key c-%s\"></span>%s</td>", time_class_names[w->cause], time_class_labels[w->cause]);
	html_element(f, "td", "object", w->object ? name_text(w->object, NAME_COLUMNS) : NULL);
	fputs("</tr>\n", f);
}

void difference_html_waits(FILE *f, const struct difference *d)
{
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
			HEADER(f, "deltas", 5, "Total, A", "B", "B − A", "", "Count", "Cause", "Object");
		put_wait(f, w, difference_decimals(d));
	}
	if (shown)
		put_footer(f);
	else
		fputs("<p class=\"empty\">No wait differs beyond the spread.</p>\n", f);
	if (shown > ROWS)
		fprintf(f, "<p class=\"note\">… and %s.</p>\n", number_count(shown - ROWS, "wait of less change", "waits of less change").text);
	put_within(f, within, "kind of wait is", "kinds of waits are");
}

/* ---- the differential call tree --------------------------------------------------------------------------------------------- */

static void put_row(FILE *f, const struct difference *d, const struct difference_row *row, int decimals)
{
	const struct difference_node *n = &d->nodes[row->node];
	bool is_frame = n->kind == TREE_FRAME && !row->run;

	fprintf(f, "<tr><td class=\"num\">%s</td><td class=\"num\">%s</td>", number_ms_or_dash(n->total.mean_a, decimals).text,
		number_ms_or_dash(n->total.mean_b, decimals).text);
	put_change(f, n->total.mean_b - n->total.mean_a, n->total.beyond, decimals);
	fputs("<td>", f);
	for (unsigned i = 0; i < row->level && i < LEVELS_MAX; i++)
		fputs(LEVEL_SPACE, f);
	html_element(f, "span", is_frame ? "name" : "aside", difference_row_name(d, row));
	if (is_frame) {
		fputc(' ', f);
		html_element(f, "span", "place", name_place(alike_get_frame(d->alike, n->thing), n->line));
	}
	fputs("</td></tr>\n", f);
}

void difference_html_tree(FILE *f, const struct difference *d)
{
	int decimals = difference_decimals(d);
	struct difference_outline outline;

	difference_outline(d, &outline);
	fprintf(f, "<p class=\"note\">CPU and waits of all threads, in ms%s. Branches that changed by less than %s are left out.</p>\n",
		d->a.n > 1 || d->b.n > 1 ? ", means: they add up" : "", number_duration(outline.threshold, decimals).text);
	if (outline.n <= 1) {
		fputs("<p class=\"empty\">No branch differs beyond the spread.</p>\n", f);
		free(outline.rows);
		return;
	}
	HEADER(f, "outline", 3, "A", "B", "B − A", "Function");
	for (size_t i = 0; i < outline.n; i++)
		put_row(f, d, &outline.rows[i], decimals);
	put_footer(f);
	free(outline.rows);
}
