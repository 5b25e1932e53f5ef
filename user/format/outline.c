/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/outline.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/facts.h"
#include "format/names.h"
#include "format/numbers.h"
#include "profile/own.h"

#define RUN_MIN 3
#define RUN_MODULES 3 /* named in a run's row */

struct outliner {
	const struct profile *p;
	const struct call_tree *tree;
	struct outline *outline;
};

static bool is_shown(const struct outliner *o, int32_t node)
{
	return tree_total(&o->tree->nodes[node]) && tree_total(&o->tree->nodes[node]) >= o->outline->threshold_ns;
}

/* The only child that is shown; −1 = none or several. */
static int32_t only_child(const struct outliner *o, int32_t node)
{
	const struct tree_node *n = &o->tree->nodes[node];
	int32_t only = -1;

	for (uint32_t i = 0; i < n->n_children; i++) {
		int32_t child = o->tree->children[n->first_child + i];

		if (!is_shown(o, child))
			continue;
		if (only >= 0)
			return -1;
		only = child;
	}
	return only;
}

/* A frame that only passes a call on: not the reader's code, no time of its own, one way onward that is a frame too. */
static bool passes_on(const struct outliner *o, int32_t node)
{
	const struct tree_node *n = &o->tree->nodes[node];
	int32_t child;

	if (n->kind != TREE_FRAME || frame_is_own(&o->p->frames[n->frame]) || n->self_ns > o->outline->threshold_ns)
		return false;
	child = only_child(o, node);
	return child >= 0 && o->tree->nodes[child].kind == TREE_FRAME;
}

/* The length of the run that begins here; *ret_last: its last node. */
static unsigned run_length(const struct outliner *o, int32_t node, int32_t *ret_last)
{
	unsigned n = 0;

	for (; node >= 0 && passes_on(o, node); node = only_child(o, node)) {
		*ret_last = node;
		n++;
	}
	return n;
}

/* Too long is cut by the caller, who tries again with a higher threshold. */
static void add_row(struct outliner *o, struct outline_row row)
{
	GROW(o->outline->rows, o->outline->n, o->outline->cap);
	o->outline->rows[o->outline->n++] = row;
}

struct pending {
	int32_t node;
	unsigned level;
};

/* Depth first without recursion: a stack may be as deep as the target likes. */
static void walk(struct outliner *o)
{
	_cleanup_free_ struct pending *stack = xcalloc(o->tree->n, sizeof *stack);
	size_t n = 1;

	while (n && o->outline->n <= OUTLINE_ROWS) {
		struct pending at = stack[--n];
		struct outline_row row = {.node = at.node, .level = at.level, .last = at.node};
		const struct tree_node *last;

		row.run = run_length(o, at.node, &row.last);
		if (row.run < RUN_MIN) {
			row.run = 0;
			row.last = at.node;
		}
		add_row(o, row);
		last = &o->tree->nodes[row.last];
		for (uint32_t i = last->n_children; i-- > 0;)
			if (is_shown(o, o->tree->children[last->first_child + i]))
				stack[n++] = (struct pending){o->tree->children[last->first_child + i], at.level + 1};
	}
}

void outline_make(const struct profile *p, const struct call_tree *tree, struct outline *ret)
{
	static const unsigned thresholds[] = {1, 2, 3, 5, 8, 12, 20, 30, 50};
	struct outliner o = {.p = p, .tree = tree, .outline = ret};

	*ret = (struct outline){0};
	for (size_t i = 0; i < ARRAY_LEN(thresholds); i++) {
		ret->n = 0;
		ret->percent = thresholds[i];
		ret->threshold_ns = tree_total(&tree->nodes[0]) / 100 * thresholds[i];
		walk(&o);
		if (ret->n <= OUTLINE_ROWS)
			return;
	}
	ret->n = OUTLINE_ROWS; /* one very deep branch */
}

void outline_clear(struct outline *outline)
{
	free(outline->rows);
	*outline = (struct outline){0};
}

/* "6 frames (libc.so.6, kernel)": the modules in the order of the calls. */
static char *run_name(const struct profile *p, const struct call_tree *tree, const struct outline_row *row)
{
	const char *modules[RUN_MODULES + 1];
	size_t n = 0;
	char *name = xasprintf("%u frames", row->run);

	for (int32_t node = row->last;; node = tree->nodes[node].parent) {
		const char *module = p->frames[tree->nodes[node].frame].module;
		bool known = !module;

		for (size_t i = 0; i < n && !known; i++)
			known = !strcmp(modules[i], module);
		if (!known && n <= RUN_MODULES)
			modules[n++] = module;
		if (node == row->node)
			break;
	}
	for (size_t i = n; i-- > 0;) {
		_cleanup_free_ char *before = name;
		_cleanup_free_ char *module = name_module(modules[i]);

		name = n > RUN_MODULES && !i ? xasprintf("%s, …)", before)
					     : xasprintf("%s%s%s%s", before, i == n - 1 ? " (" : ", ", module, i ? "" : ")");
	}
	return name;
}

static char *wait_name(const struct tree_node *node)
{
	_cleanup_free_ char *object = node->object ? name_text(node->object, NAME_COLUMNS) : NULL;
	bool await = node->kind == TREE_AWAIT;

	return xasprintf("%s%s%s%s" SEPARATOR "%s", await ? "awaiting: " : "", time_class_labels[node->class], object ? " " : "", object ? object : "",
			 number_count(node->count, await ? "await" : "wait", await ? "awaits" : "waits").text);
}

static char *busy_name(const struct loop_busy *b)
{
	_cleanup_free_ char *what = name_loop_busy(b);

	return xasprintf("%s: %s", time_class_labels[TIME_loop_busy], what);
}

static char *class_name(const struct profile *p, const struct tree_node *node)
{
	const char *label = time_class_labels[node->class];

	if (node->class == TIME_network && p->time.network_estimated)
		return xasprintf("%s, before the request was recognised", label);
	return xasprintf("%s%s", label, node->class < TIME_loop_busy ? ", not recorded one by one" : "");
}

char *outline_name(const struct profile *p, const struct call_tree *tree, const struct outline_row *row)
{
	const struct tree_node *node = &tree->nodes[row->node];

	if (row->run)
		return run_name(p, tree, row);
	switch (node->kind) {
	case TREE_ROOT:
		return fact_request(p, NAME_COLUMNS);
	case TREE_FRAME:
		return name_function(&p->frames[node->frame]);
	case TREE_NO_STACK:
		return xstrdup("on CPU, stack unknown");
	case TREE_AMBIGUOUS:
		return xstrdup("ambiguous");
	case TREE_WAIT:
	case TREE_AWAIT:
		return wait_name(node);
	case TREE_BUSY:
		return busy_name(&p->loop_busy[node->frame]);
	case TREE_CLASS:
		break;
	}
	return class_name(p, node);
}
