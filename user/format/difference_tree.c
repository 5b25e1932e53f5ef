/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call trees of all profiles as one, with what each side has of every node. Values are means: those of a node's children add up to it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/cells.h"
#include "format/difference.h"
#include "format/facts.h"
#include "format/functions.h"
#include "format/names.h"
#include "format/sampling.h"
#include "profile/own.h"

struct node_key {
	int32_t parent, kind, thing, class;
};

struct node_entry {
	UT_hash_handle hh;
	struct node_key key;
	int32_t node;
};

struct tree_joiner {
	struct difference *d;
	struct node_entry *index;
	struct cells cells;
};

static int32_t add_node(struct difference *d, const struct node_key *key)
{
	GROW(d->nodes, d->n_nodes, d->cap_nodes);
	d->nodes[d->n_nodes] = (struct difference_node){.kind = key->kind, .parent = key->parent, .thing = key->thing, .class = key->class};
	return d->n_nodes++;
}

static int32_t node_of(struct tree_joiner *j, const struct node_key *key)
{
	struct node_entry *e;

	HASH_FIND(hh, j->index, key, sizeof *key, e);
	if (!e) {
		e = xcalloc(1, sizeof *e);
		e->key = *key;
		e->node = add_node(j->d, key);
		HASH_ADD(hh, j->index, key, sizeof e->key, e);
	}
	return e->node;
}

static int32_t thing_of(struct tree_joiner *j, const struct profile *p, const struct tree_node *node)
{
	_cleanup_free_ char *busy = NULL;

	switch (node->kind) {
	case TREE_FRAME:
		return alike_frame(j->d->alike, &p->frames[node->frame]);
	case TREE_WAIT:
	case TREE_AWAIT:
		return alike_object(j->d->alike, p, node->object);
	case TREE_BUSY:
		busy = name_loop_busy(&p->loop_busy[node->frame]);
		return alike_text(j->d->alike, busy);
	default:
		return -1;
	}
}

/* By node, the on-CPU time of a thread below it. */
static void count_hits(const struct profile *p, const struct call_tree *tree, int32_t thread, double *hits)
{
	memset(hits, 0, tree->n * sizeof *hits);
	for (size_t i = 0; i < p->work.n_samples; i++) {
		const struct sample *s = &p->work.samples[i];

		if (s->thread == thread && s->stack >= 0)
			hits[tree->of_stack[s->stack]] += s->weight_ns;
	}
	for (size_t i = tree->n; i-- > 1;)
		hits[tree->nodes[i].parent] += hits[i];
}

/* Thread by thread: there may be a million nodes. */
static void add_errors(struct tree_joiner *j, const struct profile *p, const struct call_tree *tree, size_t column)
{
	_cleanup_free_ double *hits = xcalloc(tree->n, sizeof *hits);
	struct cell *cells = j->cells.list + j->cells.n - tree->n;
	struct sampling s;

	sampling_init(&s, p);
	for (size_t t = 0; t < s.n_threads; t++) {
		if (!(s.counts[t] > 0))
			continue;
		count_hits(p, tree, t, hits);
		for (size_t i = 1; i < tree->n; i++)
			if (tree->nodes[i].cpu_ns)
				cells[i].errors[0] += sampling_variance(&s, t, hits[i]);
	}
	for (size_t i = 1; i < tree->n; i++)
		cells[i].errors[0] = sqrt(cells[i].errors[0]);
	*(column < j->cells.n_a ? &j->cells.none_a : &j->cells.none_b) = sampling_error_of_none(&s);
	sampling_clear(&s);
}

static void add_profile(struct tree_joiner *j, const struct profile *p, size_t column, bool alone)
{
	_cleanup_free_ int32_t *merged = frames_merge(p);
	struct call_tree *tree = call_tree_new(p, merged);
	_cleanup_free_ int32_t *joint = xcalloc(tree->n, sizeof *joint);

	for (size_t i = 0; i < tree->n; i++) {
		const struct tree_node *node = &tree->nodes[i];

		if (i)
			joint[i] = node_of(j, &(struct node_key){joint[node->parent], node->kind, thing_of(j, p, node), node->class});
		if (node->line)
			j->d->nodes[joint[i]].line = node->line;
		cells_add(&j->cells, joint[i], column)->values[0] = tree_total(node);
	}
	if (alone)
		add_errors(j, p, tree, column);
	call_tree_free(tree);
}

static double weight(const struct difference_node *n)
{
	return fmax(n->total.mean_a, n->total.mean_b);
}

static int heaviest_first(const void *va, const void *vb, void *ctx)
{
	const struct difference_node *nodes = ctx;
	int32_t a = *(const int32_t *)va, b = *(const int32_t *)vb;

	if (nodes[a].parent != nodes[b].parent)
		return nodes[a].parent < nodes[b].parent ? -1 : 1;
	if (weight(&nodes[a]) != weight(&nodes[b]))
		return weight(&nodes[a]) < weight(&nodes[b]) ? 1 : -1;
	return a - b;
}

static void order_children(struct difference *d)
{
	size_t n = d->n_nodes - 1;

	d->children = xcalloc(n, sizeof *d->children);
	for (size_t i = 0; i < n; i++)
		d->children[i] = i + 1;
	qsort_r(d->children, n, sizeof *d->children, heaviest_first, d->nodes);
	for (size_t i = 0; i < n; i++) {
		struct difference_node *parent = &d->nodes[d->nodes[d->children[i]].parent];

		if (!parent->n_children++)
			parent->first_child = i;
	}
}

void difference_tree(struct difference *d)
{
	struct tree_joiner j = {.d = d, .cells = {.n_a = d->a.n, .n_b = d->b.n}};
	struct node_entry *e, *next;

	add_node(d, &(struct node_key){-1, TREE_ROOT, -1, 0});
	for (size_t i = 0; i < d->a.n; i++)
		add_profile(&j, d->a.list[i], i, d->a.n == 1);
	for (size_t i = 0; i < d->b.n; i++)
		add_profile(&j, d->b.list[i], d->a.n + i, d->b.n == 1);
	cells_sort(&j.cells);
	for (size_t first = 0, n; first < j.cells.n; first += n) {
		struct difference_node *node = &d->nodes[j.cells.list[first].row];

		n = cells_row(&j.cells, first);
		node->total = cells_delta(&j.cells, first, n, 0, node->kind == TREE_FRAME);
	}
	cells_clear(&j.cells);
	HASH_ITER(hh, j.index, e, next) {
		HASH_DEL(j.index, e);
		free(e);
	}
	order_children(d);
}

char *difference_node_name(const struct difference *d, int32_t node)
{
	const struct difference_node *n = &d->nodes[node];
	_cleanup_free_ char *thing = NULL;

	if (n->kind == TREE_FRAME)
		return name_function(alike_get_frame(d->alike, n->thing));
	if (n->thing >= 0 && alike_get_text(d->alike, n->thing))
		thing = name_text(alike_get_text(d->alike, n->thing), NAME_COLUMNS);
	switch (n->kind) {
	case TREE_ROOT:
		return xstrdup(d->route);
	case TREE_NO_STACK:
		return xstrdup("on CPU, stack unknown");
	case TREE_AMBIGUOUS:
		return xstrdup("ambiguous");
	case TREE_BUSY:
		return xasprintf("%s: %s", time_class_labels[TIME_loop_busy], thing);
	default:
		return xasprintf("%s%s%s%s", n->kind == TREE_AWAIT ? "awaiting: " : "", time_class_labels[n->class], thing ? " " : "", thing ? thing : "");
	}
}
