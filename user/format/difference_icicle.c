/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/columns.h"
#include "format/difference_html.h"
#include "format/html_text.h"
#include "format/names.h"

#define WIDTH 1400.0
#define ROW_HEIGHT 18
#define LEVELS 60
#define LETTER 6.7 /* of the style sheet's 11 px monospace */
#define NARROWEST 0.7
#define RUN_MIN 3
#define ALL_OF_IT 0.98 /* of a caller's time: a frame that passes on less does something itself */

struct icicle {
	const struct difference *d;
	FILE *f;
	double *widths;         /* by node, ns */
	double scale;
	int decimals;
	unsigned levels;        /* that are drawn */
	size_t left_out;
};

struct placed {
	int32_t node, last;     /* of a run its first and its last node */
	unsigned run;           /* frames that it stands for */
	unsigned level;
	double x;               /* ns */
};

/* What a node needs: the larger of both sides, or more where one of its callees grew and another one shrank. */
static double *measure(const struct difference *d)
{
	double *widths = xcalloc(d->n_nodes, sizeof *widths);

	for (size_t i = d->n_nodes; i-- > 0;) {
		const struct difference_node *n = &d->nodes[i];

		widths[i] = fmax(widths[i], fmax(n->total.mean_a, n->total.mean_b));
		if (n->parent >= 0)
			widths[n->parent] += widths[i];
	}
	return widths;
}

/* s: slower, f: faster, in four steps of how much of the larger side the change is; s0: the same, or within the spread. */
static const char *tint(const struct difference_node *n)
{
	static const char *const slower[] = {"s1", "s2", "s3", "s4"}, *const faster[] = {"f1", "f2", "f3", "f4"};
	double a = n->total.mean_a, b = n->total.mean_b, larger = fmax(a, b);
	double share = larger > 0 ? fabs(b - a) / larger : 0;
	int step = share < 0.1 ? 0 : share < 0.3 ? 1 : share < 0.6 ? 2 : 3;

	if (!n->total.beyond || share < 0.01)
		return "s0";
	return b > a ? slower[step] : faster[step];
}

static bool is_wide(const struct icicle *c, int32_t node)
{
	return c->widths[node] * c->scale >= NARROWEST;
}

/* The only child that is wide enough to be drawn, if it and the node are frames and the node only passes its call on; −1 = none. */
static int32_t passed_on_to(const struct icicle *c, int32_t node)
{
	const struct difference_node *n = &c->d->nodes[node];
	int32_t first = n->n_children ? c->d->children[n->first_child] : -1;

	if (n->kind != TREE_FRAME || frame_is_home(alike_get_frame(c->d->alike, n->thing)))
		return -1;
	if (first < 0 || !is_wide(c, first) || c->d->nodes[first].kind != TREE_FRAME || c->widths[first] < c->widths[node] * ALL_OF_IT)
		return -1;
	return n->n_children > 1 && is_wide(c, c->d->children[n->first_child + 1]) ? -1 : first;
}

/* Frames that only pass one call on are drawn as one. */
static void find_run(const struct icicle *c, struct placed *at)
{
	int32_t next = at->node;

	at->run = 0;
	for (; next >= 0; next = passed_on_to(c, next)) {
		at->last = next;
		at->run++;
	}
	if (at->run > RUN_MIN) { /* where it leads to is drawn by itself */
		at->last = c->d->nodes[at->last].parent;
		at->run--;
		return;
	}
	at->last = at->node;
	at->run = 1;
}

static char *placed_name(const struct icicle *c, const struct placed *at)
{
	_cleanup_free_ char *first = difference_node_name(c->d, at->node);
	_cleanup_free_ char *last = NULL;

	if (at->run == 1)
		return TAKE_PTR(first);
	last = difference_node_name(c->d, at->last);
	return xasprintf("%u frames, %s to %s", at->run, first, last);
}

static void put_rect(struct icicle *c, const struct placed *at)
{
	const struct difference_node *n = &c->d->nodes[at->node];
	double x = at->x * c->scale, width = c->widths[at->node] * c->scale;
	_cleanup_free_ char *name = placed_name(c, at);
	_cleanup_free_ char *place = n->kind == TREE_FRAME && at->run == 1 ? name_place(alike_get_frame(c->d->alike, n->thing), n->line) : NULL;
	size_t letters = width > 8 ? (width - 6) / LETTER : 0;

	fprintf(c->f, "<g><title>");
	html_take(c->f, xasprintf("%s%s%s: %s → %s ms, %s", name, place ? " " : "", place ? place : "", number_ms(n->total.mean_a, c->decimals).text,
				  number_ms(n->total.mean_b, c->decimals).text,
				  difference_ms(n->total.mean_b - n->total.mean_a, c->decimals).text));
	fprintf(c->f, "</title><rect class=\"%s\" x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%d\"/>", tint(n), x, at->level * ROW_HEIGHT, width,
		ROW_HEIGHT - 1);
	if (letters >= 3) {
		fprintf(c->f, "<text x=\"%.1f\" y=\"%u\">", x + 3, at->level * ROW_HEIGHT + 13);
		html_take(c->f, name_text(name, letters));
		fputs("</text>", c->f);
	}
	fputs("</g>\n", c->f);
}

/* Breadth does not matter, depth may be anything: no recursion. draw = false only counts levels. */
static void walk(struct icicle *c, bool draw)
{
	_cleanup_free_ struct placed *stack = xcalloc(c->d->n_nodes, sizeof *stack);
	size_t n = 1;

	c->left_out = 0;
	while (n) {
		struct placed at = stack[--n];
		const struct difference_node *node;
		double x = at.x;

		if (at.level >= LEVELS || !is_wide(c, at.node)) {
			c->left_out++;
			continue;
		}
		find_run(c, &at);
		node = &c->d->nodes[at.last];
		if (at.level >= c->levels)
			c->levels = at.level + 1;
		if (draw)
			put_rect(c, &at);
		for (uint32_t i = 0; i < node->n_children; i++) {
			int32_t child = c->d->children[node->first_child + i];

			stack[n++] = (struct placed){.node = child, .level = at.level + 1, .x = x};
			x += c->widths[child];
		}
	}
}

static void put_scale(FILE *f)
{
	static const struct {
		const char *tint, *words;
	} keys[] = {{"f4", "faster, or gone"}, {"f2", "a little faster"}, {"s0", "the same, or within the spread"}, {"s2", "a little slower"},
		    {"s4", "slower, or new"}};

	fputs("<p class=\"scale\">", f);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		fprintf(f, "<span><span class=\"key %s\"></span>%s</span>", keys[i].tint, keys[i].words);
	fputs("</p>\n", f);
}

void difference_html_icicle(FILE *f, const struct difference *d)
{
	_cleanup_free_ double *widths = measure(d);
	struct icicle c = {.d = d, .f = f, .widths = widths, .decimals = difference_decimals(d)};

	if (!(widths[0] > 0)) {
		fputs("<p class=\"empty\">Nothing ran and nothing waited.</p>\n", f);
		return;
	}
	c.scale = WIDTH / widths[0];
	walk(&c, false);
	fputs("<p class=\"note\">As wide as the larger of A and B; callers above callees, "
	      "frames that only pass a call on as one. Point at a frame for its times.</p>\n", f);
	put_scale(f);
	fprintf(f, "<div class=\"scroll\"><svg class=\"icicle\" role=\"img\" aria-label=\"Differential flame graph; the call tree says the same\" "
		   "viewBox=\"0 0 %.0f %u\">\n", WIDTH, c.levels * ROW_HEIGHT);
	walk(&c, true);
	fputs("</svg></div>\n", f);
	if (c.left_out)
		fprintf(f, "<p class=\"note\">%s too narrow or too deep to be drawn.</p>\n", number_count(c.left_out, "branch is", "branches are").text);
}
