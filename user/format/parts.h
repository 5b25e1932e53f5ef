/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts that a request's wall time falls into, for the sentences: they sum to it to the nanosecond. */
#ifndef REQPROF_PARTS_H
#define REQPROF_PARTS_H

#include "format/call_tree.h"
#include "profile/profile.h"

enum part_kind {
	PART_HOT,       /* on the CPU in the function that most of it goes through */
	PART_USER,      /* other user code */
	PART_KERNEL,    /* other kernel code */
	PART_NO_STACK,  /* on the CPU, stack unknown */
	PART_CLASS,     /* all of a class */
	PART_AMBIGUOUS,
	PART_UNKNOWN,
};

struct part {
	enum part_kind kind;
	enum time_class class;
	uint64_t ns;
	unsigned permille;      /* all parts together: 1000 */
};

#define PARTS_MAX (N_TIME_CLASSES + 4)

struct parts {
	struct part list[PARTS_MAX]; /* by ns, the longest first */
	size_t n;
	int32_t hot_node;       /* of the tree; −1 = none */
	int32_t self_node;      /* heaviest place of the function at or below it with the most time in itself */
	uint64_t self_ns;       /* that function's, at or below it */
	double hot_error_ns, self_error_ns; /* half-widths of their 95 % intervals */
	double cpu_scale;       /* on-CPU part of the wall / of all threads' time: < 1 when they overlap; errors and self_ns have it */
	bool hot_kernel;        /* some of the kernel's time is in PART_HOT */
	int32_t user_node, kernel_node; /* outside of it, with the most time in themselves; −1 = none */
};

void parts_find(const struct profile *p, const struct call_tree *tree, struct parts *ret);

#endif
