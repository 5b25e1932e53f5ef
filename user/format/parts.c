/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/functions.h"
#include "format/names.h"
#include "profile/own.h"

#define PERMILLE 1000
#define MOST(part, whole) ((part) >= (whole) - (whole) / 5) /* 80 % */

/* ---- the hot function -------------------------------------------------------------------------------------------- */

static int32_t heaviest_on_cpu(const struct call_tree *tree, int32_t node)
{
	const struct tree_node *n = &tree->nodes[node];
	int32_t best = -1;

	for (uint32_t i = 0; i < n->n_children; i++) {
		int32_t child = tree->children[n->first_child + i];

		if (tree->nodes[child].kind == TREE_FRAME && tree->nodes[child].cpu_ns &&
		    (best < 0 || tree->nodes[child].cpu_ns > tree->nodes[best].cpu_ns))
			best = child;
	}
	return best;
}

/* How much a frame tells the reader: own code most, the kernel least. */
static int rank(const struct profile *p, const struct tree_node *node)
{
	const struct frame *frame = &p->frames[node->frame];

	return frame_is_own(frame) ? 2 : frame->kind != FRAME_kernel;
}

/* The first own function on the heaviest way down from here; −1 = none. */
static int32_t own_below(const struct profile *p, const struct call_tree *tree, int32_t at)
{
	while (at >= 0 && !frame_is_own(&p->frames[tree->nodes[at].frame]))
		at = heaviest_on_cpu(tree, at);
	return at;
}

/* The deepest function that most of the on-CPU time goes through, own code rather than libraries, those rather than the kernel. Where that
 * is none of the reader's (threads that share nothing but their start), the heaviest own one. */
static int32_t find_hot(const struct profile *p, const struct call_tree *tree)
{
	int32_t at = heaviest_on_cpu(tree, 0), best = at;
	uint64_t whole = at < 0 ? 0 : tree->nodes[at].cpu_ns;

	while (at >= 0 && MOST(tree->nodes[at].cpu_ns, whole)) {
		if (rank(p, &tree->nodes[at]) >= rank(p, &tree->nodes[best]))
			best = at;
		at = heaviest_on_cpu(tree, at);
	}
	at = own_below(p, tree, best);
	return at >= 0 ? at : best;
}

/* Flags of the nodes at or below those of the function of `top`: other threads and other callers may be in it, too. */
static bool *mark_below(const struct call_tree *tree, int32_t top)
{
	bool *below = xcalloc(tree->n, sizeof *below);

	for (size_t i = 0; i < tree->n; i++) {
		const struct tree_node *node = &tree->nodes[i];

		below[i] = (node->kind == TREE_FRAME && node->frame == tree->nodes[top].frame) || (node->parent >= 0 && below[node->parent]);
	}
	return below;
}

/* The function below the hot one with the most time in itself, summed over all its places there: its heaviest place and the sum. */
static int32_t find_self(const struct profile *p, const struct call_tree *tree, const bool *below, uint64_t *ret_ns)
{
	_cleanup_free_ uint64_t *self = xcalloc(p->n_frames, sizeof *self);
	int32_t best = -1;

	for (size_t i = 0; i < tree->n; i++)
		if (below[i] && tree->nodes[i].kind == TREE_FRAME)
			self[tree->nodes[i].frame] += tree->nodes[i].self_ns;
	for (size_t i = 0; i < tree->n; i++) {
		const struct tree_node *node = &tree->nodes[i], *now = best < 0 ? NULL : &tree->nodes[best];

		if (!below[i] || node->kind != TREE_FRAME)
			continue;
		if (!now || self[node->frame] > self[now->frame] || (node->frame == now->frame && node->self_ns > now->self_ns))
			best = i;
	}
	*ret_ns = self[tree->nodes[best].frame]; /* the hot node itself is a frame: there is one */
	return best;
}

/* The place outside of the hot function with the most time in itself, in the kernel or not. */
static int32_t find_elsewhere(const struct profile *p, const struct call_tree *tree, const bool *below, bool kernel)
{
	int32_t best = -1;

	for (size_t i = 0; i < tree->n; i++) {
		const struct tree_node *node = &tree->nodes[i];

		if (node->kind != TREE_FRAME || !node->self_ns || below[i] || (p->frames[node->frame].kind == FRAME_kernel) != kernel)
			continue;
		if (best < 0 || node->self_ns > tree->nodes[best].self_ns)
			best = i;
	}
	return best;
}

/* Half-width of the interval of what lies below the hot function, or (function ≥ 0) of that function's own time there. */
static double error_below(const struct profile *p, const struct call_tree *tree, const bool *below, int32_t function)
{
	_cleanup_free_ bool *stacks = xcalloc(p->n_stacks, sizeof *stacks);

	for (size_t i = 0; i < p->n_stacks; i++)
		stacks[i] = below[tree->of_stack[i]] && (function < 0 || tree->nodes[tree->of_stack[i]].frame == function);
	return sampling_error_ns(p, stacks);
}

/* ---- dividing on-CPU time ---------------------------------------------------------------------------------------- */

enum { USER, KERNEL };

struct weights {
	uint64_t all[2], hot[2], no_stack[2]; /* by USER, KERNEL */
};

static void weigh(const struct profile *p, const struct call_tree *tree, const bool *below, struct weights *w)
{
	for (size_t i = 0; i < p->work.n_samples; i++) {
		const struct sample *s = &p->work.samples[i];

		w->all[s->kernel] += s->weight_ns;
		if (s->stack < 0)
			w->no_stack[s->kernel] += s->weight_ns;
		else if (below && below[tree->of_stack[s->stack]])
			w->hot[s->kernel] += s->weight_ns;
	}
}

static uint64_t share_of(uint64_t ns, uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((unsigned __int128)ns * part / whole) : 0;
}

static void add(struct parts *parts, enum part_kind kind, enum time_class class, uint64_t ns)
{
	if (ns)
		parts->list[parts->n++] = (struct part){.kind = kind, .class = class, .ns = ns};
}

static void add_cpu(const struct profile *p, const struct weights *w, struct parts *parts)
{
	const uint64_t ns[2] = {p->time.classes_ns[TIME_cpu_user], p->time.classes_ns[TIME_cpu_kernel]};
	uint64_t hot[2], no_stack[2];

	for (int mode = USER; mode <= KERNEL; mode++) {
		hot[mode] = share_of(ns[mode], w->hot[mode], w->all[mode]);
		no_stack[mode] = share_of(ns[mode], w->no_stack[mode], w->all[mode]);
		if (w->hot[mode] + w->no_stack[mode] == w->all[mode] && hot[mode])
			hot[mode] = ns[mode] - no_stack[mode]; /* all there is: no rounding */
	}
	add(parts, PART_HOT, hot[KERNEL] > hot[USER] ? TIME_cpu_kernel : TIME_cpu_user, hot[USER] + hot[KERNEL]);
	add(parts, PART_NO_STACK, no_stack[KERNEL] > no_stack[USER] ? TIME_cpu_kernel : TIME_cpu_user, no_stack[USER] + no_stack[KERNEL]);
	add(parts, PART_USER, TIME_cpu_user, ns[USER] - hot[USER] - no_stack[USER]);
	add(parts, PART_KERNEL, TIME_cpu_kernel, ns[KERNEL] - hot[KERNEL] - no_stack[KERNEL]);
	parts->hot_kernel = hot[KERNEL];
}

/* ---- all parts --------------------------------------------------------------------------------------------------- */

static void add_classes(const struct profile *p, struct parts *parts)
{
	const uint64_t *ns = p->time.classes_ns;
	uint64_t ambiguous = p->time.ambiguous_ns < ns[TIME_unknown] ? p->time.ambiguous_ns : ns[TIME_unknown];

	for (enum time_class c = TIME_interrupt; c < TIME_unknown; c++)
		add(parts, PART_CLASS, c, ns[c]);
	add(parts, PART_AMBIGUOUS, TIME_unknown, ambiguous);
	add(parts, PART_UNKNOWN, TIME_unknown, ns[TIME_unknown] - ambiguous);
}

static int longest_first(const void *va, const void *vb)
{
	const struct part *a = va, *b = vb;

	if (a->ns != b->ns)
		return a->ns < b->ns ? 1 : -1;
	return a->kind != b->kind ? (int)a->kind - (int)b->kind : (int)a->class - (int)b->class;
}

/* Rounded so that they sum to 1000: what is left after rounding down goes to those that lost most. */
static void set_permille(struct parts *parts, uint64_t wall_ns)
{
	uint64_t lost[PARTS_MAX];
	unsigned left = PERMILLE;

	for (size_t i = 0; i < parts->n; i++) {
		unsigned __int128 exact = (unsigned __int128)parts->list[i].ns * PERMILLE;

		parts->list[i].permille = exact / wall_ns;
		lost[i] = exact % wall_ns;
		left -= parts->list[i].permille;
	}
	while (left && parts->n) {
		size_t most = 0;

		for (size_t i = 1; i < parts->n; i++)
			if (lost[i] > lost[most])
				most = i;
		parts->list[most].permille++;
		lost[most] = 0;
		left--;
	}
}

static void find_functions(const struct profile *p, const struct call_tree *tree, const bool *below, struct parts *parts)
{
	parts->self_node = find_self(p, tree, below, &parts->self_ns);
	parts->self_ns *= parts->cpu_scale;
	parts->user_node = find_elsewhere(p, tree, below, false);
	parts->kernel_node = find_elsewhere(p, tree, below, true);
	parts->hot_error_ns = error_below(p, tree, below, -1) * parts->cpu_scale;
	parts->self_error_ns = error_below(p, tree, below, tree->nodes[parts->self_node].frame) * parts->cpu_scale;
}

void parts_find(const struct profile *p, const struct call_tree *tree, struct parts *ret)
{
	const uint64_t *ns = p->time.classes_ns;
	_cleanup_free_ bool *below = NULL;
	struct weights w = {0};

	*ret = (struct parts){.hot_node = find_hot(p, tree), .self_node = -1, .user_node = -1, .kernel_node = -1, .cpu_scale = 1};
	if (ret->hot_node >= 0)
		below = mark_below(tree, ret->hot_node);
	weigh(p, tree, below, &w);
	if (w.all[USER] + w.all[KERNEL])
		ret->cpu_scale = fmin(1, (double)(ns[TIME_cpu_user] + ns[TIME_cpu_kernel]) / (w.all[USER] + w.all[KERNEL]));
	if (below)
		find_functions(p, tree, below, ret);
	add_cpu(p, &w, ret);
	add_classes(p, ret);
	qsort(ret->list, ret->n, sizeof *ret->list, longest_first);
	if (p->time.wall_ns)
		set_permille(ret, p->time.wall_ns);
}
