/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/call_tree.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* What makes a child of a node: a frame, or waits of one cause and object. Compared as bytes. */
struct child_key {
	int32_t parent, kind, frame, class;
	const char *object; /* interned */
};

struct child {
	struct child_key key;
	int32_t node;
	UT_hash_handle hh;
};

struct tree_builder {
	const struct profile *p;
	struct call_tree *tree;
	struct child *index;
};

static int32_t add_node(struct call_tree *tree, const struct child_key *key)
{
	GROW(tree->nodes, tree->n, tree->cap);
	tree->nodes[tree->n] = (struct tree_node){
		.kind = key->kind, .parent = key->parent, .frame = key->frame, .class = key->class, .object = key->object,
	};
	return tree->n++;
}

static int32_t child_of(struct tree_builder *b, int32_t parent, enum tree_kind kind, int32_t frame, enum time_class class, const char *object)
{
	struct child_key key;
	struct child *child;

	memset(&key, 0, sizeof key);
	key.parent = parent;
	key.kind = kind;
	key.frame = frame;
	key.class = class;
	key.object = object;
	HASH_FIND(hh, b->index, &key, sizeof key, child);
	if (!child) {
		child = xcalloc(1, sizeof *child);
		child->key = key;
		child->node = add_node(b->tree, &key);
		HASH_ADD(hh, b->index, key, sizeof child->key, child);
	}
	return child->node;
}

/* By frame: is it what a task begins with? */
static bool *find_task_frames(const struct profile *p, const int32_t *merged)
{
	bool *found = xcalloc(p->n_frames, sizeof *found);

	for (size_t i = 0; i < p->n_awaits; i++) {
		int32_t stack = p->awaits[i].stack;

		while (stack >= 0 && p->stacks[stack].parent >= 0)
			stack = p->stacks[stack].parent;
		if (stack >= 0)
			found[merged[p->stacks[stack].frame]] = true;
	}
	return found;
}

static void add_frames(struct tree_builder *b, const int32_t *merged)
{
	const struct profile *p = b->p;
	_cleanup_free_ bool *begins_task = find_task_frames(p, merged);
	_cleanup_free_ bool *in_task = xcalloc(p->n_stacks, sizeof *in_task);

	b->tree->of_stack = xcalloc(p->n_stacks, sizeof *b->tree->of_stack);
	for (size_t i = 0; i < p->n_stacks; i++) {
		int32_t parent = p->stacks[i].parent, frame = merged[p->stacks[i].frame], above = parent < 0 ? 0 : b->tree->of_stack[parent];

		in_task[i] = parent >= 0 && in_task[parent];
		if (!in_task[i] && begins_task[frame]) {
			in_task[i] = true;
			above = 0;
		}
		b->tree->of_stack[i] = child_of(b, above, TREE_FRAME, frame, 0, NULL);
	}
}

static void add_samples(struct tree_builder *b)
{
	for (size_t i = 0; i < b->p->work.n_samples; i++) {
		const struct sample *s = &b->p->work.samples[i];
		int32_t at = s->stack < 0 ? child_of(b, 0, TREE_NO_STACK, -1, 0, NULL) : b->tree->of_stack[s->stack];
		struct tree_node *node = &b->tree->nodes[at];

		node->self_ns += s->weight_ns;
		node->cpu_ns += s->weight_ns;
		node->count++;
	}
}

static void add_wait(struct tree_builder *b, int32_t stack, enum time_class class, const char *object, uint64_t ns)
{
	struct tree_node *node;
	int32_t at;

	if (!ns)
		return;
	at = child_of(b, stack < 0 ? 0 : b->tree->of_stack[stack], TREE_WAIT, -1, class, object); /* may move the nodes */
	node = &b->tree->nodes[at];
	node->wait_ns += ns;
	node->count++;
}

static void add_waits(struct tree_builder *b)
{
	for (size_t i = 0; i < b->p->work.n_waits; i++) {
		const struct wait *w = &b->p->work.waits[i];

		add_wait(b, w->stack, w->cause, w->object, w->duration_ns);
		add_wait(b, w->stack, wait_ready_class(w), wait_ready_object(w), w->runnable_ns);
	}
}

static void add_awaits(struct tree_builder *b)
{
	for (size_t i = 0; i < b->p->n_awaits; i++) {
		const struct await *a = &b->p->awaits[i];
		struct tree_node *node;
		int32_t at;

		if (!a->suspended_ns)
			continue;
		at = child_of(b, a->stack < 0 ? 0 : b->tree->of_stack[a->stack], TREE_AWAIT, -1, a->cause, a->object); /* may move the nodes */
		node = &b->tree->nodes[at];
		node->wait_ns += a->suspended_ns;
		node->count++;
	}
}

static void add_class(struct tree_builder *b, enum tree_kind kind, enum time_class class, uint64_t ns)
{
	int32_t at;

	if (!ns)
		return;
	at = child_of(b, 0, kind, -1, class, NULL); /* may move the nodes */
	b->tree->nodes[at].wait_ns = ns;
}

static void add_busy(struct tree_builder *b)
{
	for (size_t i = 0; i < b->p->n_loop_busy; i++) {
		int32_t at = child_of(b, 0, TREE_BUSY, i, TIME_loop_busy, NULL); /* may move the nodes */

		b->tree->nodes[at].wait_ns = b->p->loop_busy[i].duration_ns;
	}
}

static void add_rest(struct tree_builder *b)
{
	uint64_t unknown = b->p->time.classes_ns[TIME_unknown], ambiguous = b->p->time.ambiguous_ns;

	if (ambiguous > unknown)
		ambiguous = unknown;
	for (enum time_class c = TIME_run_queue; c < TIME_unknown; c++)
		add_class(b, TREE_CLASS, c, unrecorded_ns(b->p, c));
	add_class(b, TREE_AMBIGUOUS, TIME_unknown, ambiguous);
	add_class(b, TREE_CLASS, TIME_unknown, unknown - ambiguous);
}

uint64_t unrecorded_ns(const struct profile *p, enum time_class class)
{
	uint64_t recorded = 0, ns = p->time.classes_ns[class];

	if (class < TIME_run_queue)
		return 0;
	if (class >= TIME_loop_busy) {
		for (size_t i = 0; i < p->n_awaits && class == TIME_suspended; i++)
			recorded += p->awaits[i].suspended_ns;
		for (size_t i = 0; i < p->n_loop_busy && class == TIME_loop_busy; i++)
			recorded += p->loop_busy[i].duration_ns;
		return ns > recorded ? ns - recorded : 0;
	}
	for (size_t i = 0; i < p->work.n_waits; i++) {
		const struct wait *w = &p->work.waits[i];

		if (w->cause == class)
			recorded += w->duration_ns;
		if (class == wait_ready_class(w))
			recorded += w->runnable_ns;
	}
	return ns > recorded ? ns - recorded : 0;
}

/* ---- totals, lines, order ---------------------------------------------------------------------------------------- */

static void sum_up(struct call_tree *tree)
{
	for (size_t i = tree->n; i-- > 1;) {
		const struct tree_node *node = &tree->nodes[i];
		struct tree_node *parent = &tree->nodes[node->parent];

		parent->cpu_ns += node->cpu_ns;
		parent->wait_ns += node->wait_ns;
		if (node->kind == TREE_FRAME || node->kind == TREE_NO_STACK)
			parent->count += node->count;
	}
}

/* Several stacks make one node when their lines differ: it shows the line of the one with the most time. */
static void choose_lines(const struct profile *p, struct call_tree *tree)
{
	_cleanup_free_ uint64_t *times = xcalloc(p->n_stacks, sizeof *times);
	_cleanup_free_ uint64_t *most = xcalloc(tree->n, sizeof *most);

	for (size_t i = 0; i < p->work.n_samples; i++)
		if (p->work.samples[i].stack >= 0)
			times[p->work.samples[i].stack] += p->work.samples[i].weight_ns;
	for (size_t i = 0; i < p->work.n_waits; i++)
		if (p->work.waits[i].stack >= 0)
			times[p->work.waits[i].stack] += p->work.waits[i].duration_ns + p->work.waits[i].runnable_ns;
	for (size_t i = 0; i < p->n_awaits; i++)
		if (p->awaits[i].stack >= 0)
			times[p->awaits[i].stack] += p->awaits[i].suspended_ns;
	for (size_t i = p->n_stacks; i-- > 0;) {
		int32_t node = tree->of_stack[i];

		if (p->stacks[i].parent >= 0)
			times[p->stacks[i].parent] += times[i];
		if (times[i] >= most[node]) {
			most[node] = times[i];
			tree->nodes[node].line = p->frames[p->stacks[i].frame].line;
		}
	}
}

static int heaviest_first(const void *va, const void *vb, void *ctx)
{
	const struct tree_node *nodes = ctx;
	int32_t a = *(const int32_t *)va, b = *(const int32_t *)vb;
	uint64_t time_a = tree_total(&nodes[a]), time_b = tree_total(&nodes[b]);

	if (nodes[a].parent != nodes[b].parent)
		return nodes[a].parent < nodes[b].parent ? -1 : 1;
	if (time_a != time_b)
		return time_a < time_b ? 1 : -1;
	return a - b;
}

static void order_children(struct call_tree *tree)
{
	size_t n = tree->n - 1;

	tree->children = xcalloc(n, sizeof *tree->children);
	for (size_t i = 0; i < n; i++)
		tree->children[i] = i + 1;
	qsort_r(tree->children, n, sizeof *tree->children, heaviest_first, tree->nodes);
	for (size_t i = 0; i < n; i++) {
		struct tree_node *parent = &tree->nodes[tree->nodes[tree->children[i]].parent];

		if (!parent->n_children++)
			parent->first_child = i;
	}
}

struct call_tree *call_tree_new(const struct profile *p, const int32_t *merged)
{
	struct tree_builder b = {.p = p, .tree = xcalloc(1, sizeof *b.tree)};
	struct child *child, *next;

	add_node(b.tree, &(struct child_key){.parent = -1, .kind = TREE_ROOT, .frame = -1});
	add_frames(&b, merged);
	add_samples(&b);
	add_waits(&b);
	add_awaits(&b);
	add_busy(&b);
	add_rest(&b);
	HASH_ITER(hh, b.index, child, next) {
		HASH_DEL(b.index, child);
		free(child);
	}
	sum_up(b.tree);
	choose_lines(p, b.tree);
	order_children(b.tree);
	return b.tree;
}

void call_tree_free(struct call_tree *tree)
{
	if (!tree)
		return;
	free(tree->nodes);
	free(tree->children);
	free(tree->of_stack);
	free(tree);
}
