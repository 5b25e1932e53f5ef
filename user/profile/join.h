/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One profile's tables into another one: what merging and redacting are made of. Equal frames and stacks become one, and threads of the same
 * id and name; indices are translated, times moved on, and every string may be rewritten on its way.
 */
#ifndef REQPROF_JOIN_H
#define REQPROF_JOIN_H

#include "profile/profile.h"

/* What a string is, for whoever rewrites it. */
enum join_text {
	JOIN_FILE,              /* the source of a frame */
	JOIN_MODULE,            /* a module or executable */
	JOIN_WORDS,             /* anything else: names, objects, functions */
	N_JOIN_TEXTS,
};

typedef char *join_rewrite(void *ctx, enum join_text kind, const char *s); /* a new string, freed by the caller; never NULL */

struct join {
	struct profile *to;
	const struct profile *from;
	uint64_t shift_ns;      /* added to every t */
	join_rewrite *rewrite;  /* NULL = strings stay as they are */
	void *ctx;
	/* what follows is join.c's */
	int32_t *frames, *stacks; /* from's index → to's */
	int32_t first_task;
	struct join_string *strings;
};

/* Takes over frames, stacks and tasks; then the others may be called, each once, and join_end. The first five members are the caller's. */
void join_begin(struct join *j);
void join_work(struct join *j, struct work *to, const struct work *from);
void join_awaits(struct join *j);
void join_loop_busy(struct join *j);            /* equal ones become one; the longest first */
void join_executables(struct join *j);          /* likewise, and reasons of truncation */
void join_end(struct join *j);

/* A string of `from` as `to` has it. NULL stays NULL. */
const char *join_string(struct join *j, enum join_text kind, const char *s);

#endif
