/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The call tree to read from top to bottom: its branches of some weight, depth first, the heaviest first. Runs of library and kernel frames
 * that only pass a call on become one row.
 */
#ifndef REQPROF_OUTLINE_H
#define REQPROF_OUTLINE_H

#include "format/call_tree.h"

#define OUTLINE_ROWS 60

struct outline_row {
	int32_t node;           /* of the tree; of a run its first one */
	unsigned level;         /* 0 = the root */
	unsigned run;           /* frames that this row stands for, 0 = an ordinary row */
	int32_t last;           /* the run's last node */
};

struct outline {
	struct outline_row *rows;
	size_t n, cap;
	uint64_t threshold_ns;  /* lighter branches are left out */
	unsigned percent;       /* the same, of the tree's total */
};

/* At most OUTLINE_ROWS rows: the threshold is 1 % of the total, or as much as that takes. */
void outline_make(const struct profile *p, const struct call_tree *tree, struct outline *ret);
void outline_clear(struct outline *outline);

/* What a row says after its numbers; the caller frees it: "serialize", "network 127.0.0.1:5432 · 11 waits", "6 frames (libc.so.6, kernel)". */
char *outline_name(const struct profile *p, const struct call_tree *tree, const struct outline_row *row);

#endif
