/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The differential call tree to read: branches in which nothing changed are left out, runs of frames that only pass a call on become one row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/difference.h"
#include "format/outline.h"

#define RUN_MIN 3

struct outliner {
	const struct difference *d;
	struct difference_outline *outline;
	bool *kept;             /* by node: it, or one below it, changed by the threshold and beyond the spread */
};

static double change(const struct difference_node *n)
{
	return fabs(n->total.mean_b - n->total.mean_a);
}

/* Of the children that are kept the only one; −1 = none or several. */
static int32_t only_child(const struct outliner *o, int32_t node)
{
	const struct difference_node *n = &o->d->nodes[node];
	int32_t only = -1;

	for (uint32_t i = 0; i < n->n_children; i++) {
		int32_t child = o->d->children[n->first_child + i];

		if (!o->kept[child])
			continue;
		if (only >= 0)
			return -1;
		only = child;
	}
	return only;
}

static bool passes_on(const struct outliner *o, int32_t node)
{
	const struct difference_node *n = &o->d->nodes[node];
	int32_t child = only_child(o, node);

	if (n->kind != TREE_FRAME || frame_is_home(alike_get_frame(o->d->alike, n->thing)) || child < 0)
		return false;
	return o->d->nodes[child].kind == TREE_FRAME && fabs(change(n) - change(&o->d->nodes[child])) < o->outline->threshold;
}

static unsigned run_length(const struct outliner *o, int32_t node, int32_t *ret_last)
{
	unsigned n = 0;

	for (; node >= 0 && passes_on(o, node); node = only_child(o, node)) {
		*ret_last = node;
		n++;
	}
	return n;
}

static void mark(struct outliner *o)
{
	memset(o->kept, 0, o->d->n_nodes * sizeof *o->kept);
	o->kept[0] = true;
	for (size_t i = o->d->n_nodes; i-- > 1;) {
		o->kept[i] |= o->d->nodes[i].total.beyond && change(&o->d->nodes[i]) >= o->outline->threshold;
		if (o->kept[i])
			o->kept[o->d->nodes[i].parent] = true;
	}
}

struct pending {
	int32_t node;
	unsigned level;
};

/* Depth first without recursion: a stack may be as deep as the target likes. */
static void walk(struct outliner *o)
{
	_cleanup_free_ struct pending *stack = xcalloc(o->d->n_nodes, sizeof *stack);
	struct difference_outline *out = o->outline;
	size_t n = 1;

	while (n && out->n <= OUTLINE_ROWS) {
		struct pending at = stack[--n];
		struct difference_row row = {.node = at.node, .level = at.level, .last = at.node};
		const struct difference_node *last;

		row.run = run_length(o, at.node, &row.last);
		if (row.run < RUN_MIN) {
			row.run = 0;
			row.last = at.node;
		}
		GROW(out->rows, out->n, out->cap);
		out->rows[out->n++] = row;
		last = &o->d->nodes[row.last];
		for (uint32_t i = last->n_children; i-- > 0;)
			if (o->kept[o->d->children[last->first_child + i]])
				stack[n++] = (struct pending){o->d->children[last->first_child + i], at.level + 1};
	}
}

void difference_outline(const struct difference *d, struct difference_outline *ret)
{
	static const unsigned permille[] = {5, 10, 20, 30, 50, 80, 120, 200, 300, 500};
	_cleanup_free_ bool *kept = xcalloc(d->n_nodes, sizeof *kept);
	struct outliner o = {.d = d, .outline = ret, .kept = kept};
	double whole = fmax(d->nodes[0].total.mean_a, d->nodes[0].total.mean_b);

	*ret = (struct difference_outline){0};
	for (size_t i = 0; i < ARRAY_LEN(permille); i++) {
		ret->n = 0;
		ret->threshold = whole * permille[i] / 1000;
		mark(&o);
		walk(&o);
		if (ret->n <= OUTLINE_ROWS)
			return;
	}
	ret->n = OUTLINE_ROWS; /* one very deep branch */
}

char *difference_row_name(const struct difference *d, const struct difference_row *row)
{
	_cleanup_free_ char *last = NULL;

	if (!row->run)
		return difference_node_name(d, row->node);
	last = difference_node_name(d, row->last);
	return xasprintf("%u frames, to %s", row->run, last);
}
