/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The call tree of a request: who called what, with what happened there. Threads are merged, so its times are thread time: where threads of
 * the request overlap they add up to more than the wall time. What the wall time has and no thread shows stands right below the root, or where a
 * task awaited it. The coroutines of a task are one branch, whether they ran or waited: the frames of the loop that ran them are another.
 */
#ifndef REQPROF_CALL_TREE_H
#define REQPROF_CALL_TREE_H

#include "profile/profile.h"

enum tree_kind {
	TREE_ROOT,
	TREE_FRAME,
	TREE_NO_STACK, /* on the CPU, no stack known */
	TREE_WAIT,     /* waits of one cause and object */
	TREE_AWAIT,    /* awaits of one cause and object: what the request was suspended for */
	TREE_CLASS,    /* time in no thread */
	TREE_BUSY,     /* of TIME_loop_busy, what the loop did for others */
	TREE_AMBIGUOUS, /* time of which it is not known whose the thread was */
};

struct tree_node {
	enum tree_kind kind;
	int32_t parent;         /* −1 = none; smaller than its own index */
	int32_t frame;          /* TREE_FRAME: as frames_merge() numbers it; TREE_BUSY: index of loop_busy */
	uint32_t line;          /* its line with the most time */
	enum time_class class;  /* TREE_WAIT, TREE_AWAIT, TREE_CLASS, TREE_BUSY */
	const char *object;     /* TREE_WAIT, TREE_AWAIT: NULL = unknown */
	uint64_t cpu_ns, wait_ns; /* with all below it */
	uint64_t self_ns;       /* on the CPU in itself */
	size_t count;           /* samples, or waits, here and below */
	uint32_t first_child, n_children; /* range of `children` */
};

struct call_tree {
	struct tree_node *nodes; /* [0] is the root */
	size_t n, cap;
	int32_t *children;      /* indices of nodes, each node's together, the heaviest first */
	int32_t *of_stack;      /* the node of every stack */
};

struct call_tree *call_tree_new(const struct profile *p, const int32_t *merged);
void call_tree_free(struct call_tree *tree);

static inline uint64_t tree_total(const struct tree_node *node)
{
	return node->cpu_ns + node->wait_ns;
}

/* The wall time of a class that its recorded waits do not show: what was not recorded, or passed before the request was recognised. */
uint64_t unrecorded_ns(const struct profile *p, enum time_class class);

#endif
