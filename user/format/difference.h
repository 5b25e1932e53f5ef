/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests of one route against others: what got slower and what faster, by class of time, by function, by what was waited for, and in the call
 * tree. Times in ns. format/spread.h says when a difference is one.
 */
#ifndef REQPROF_DIFFERENCE_H
#define REQPROF_DIFFERENCE_H

#include <stdio.h>

#include "format/alike.h"
#include "format/call_tree.h"
#include "format/numbers.h"
#include "format/spread.h"
#include "profile/profile.h"

struct side {
	const char *name;       /* as the user gave it; printable */
	const struct profile *const *list; /* at least one; they outlive the difference */
	size_t n;
};

struct function_delta {
	const struct frame *frame; /* NULL = on the CPU, stack unknown */
	uint32_t line;          /* in the last profile that has it */
	struct delta self, total, wait; /* on the CPU in itself; with what it called; waits below it */
};

struct wait_delta {
	enum time_class cause;
	const char *object;     /* NULL = unknown; of awaits (TIME_suspended) what was awaited, with its class */
	struct delta total, count, median;
};

struct difference_node {
	enum tree_kind kind;
	int32_t parent;         /* −1 = none; smaller than its own index */
	int32_t thing;          /* of `alike`: a frame, object or text; −1 = none */
	enum time_class class;
	uint32_t line;
	struct delta total;     /* of the node with all below it; CPU and waits of all threads */
	uint32_t first_child, n_children; /* range of `children` */
};

struct difference {
	char *route;            /* printable; of two different ones "GET /a → GET /b" */
	struct side a, b;
	struct delta wall, classes[N_TIME_CLASSES];
	struct function_delta *functions; /* by change of self time, the largest first */
	size_t n_functions;
	struct wait_delta *waits; /* by change of total */
	size_t n_waits;
	struct difference_node *nodes; /* [0] is the root */
	size_t n_nodes, cap_nodes;
	int32_t *children;      /* indices of nodes, each node's together, the heaviest first */
	struct alike *alike;
};

struct difference *difference_new(const char *route, const struct side *a, const struct side *b);
void difference_free(struct difference *d);

bool difference_is_any(const struct difference *d); /* anything beyond the spread */

/* The program's own, as far as anybody can read it there: not an extension module of which nothing but addresses is known. */
bool frame_is_home(const struct frame *frame);

/* Worth a row: it differs in itself; or, of the program's own, in what it calls, which all its callers do as well. */
bool function_is_told(const struct function_delta *f);

/* How many functions are not worth one, though they seem to differ: in what they call, and within the spread. */
size_t functions_passing(const struct difference *d);
size_t functions_within(const struct difference *d);

/* "slower by 56.7 ms, +30.9 %", or "no difference beyond the spread". Printable; the caller frees it. */
char *difference_verdict(const struct difference *d);

/* "12 requests, status 200, median 183.4 ms (178.0 to 190.2 ms)", "3f2a91, status 200, 183.4 ms · 2 samples lost". */
char *difference_side(const struct difference *d, const struct side *side);

/* Where intervals come from, in a sentence. */
char *difference_method(const struct difference *d);

int difference_decimals(const struct difference *d);

/* "+54.9", "−3.0", "0": a change in ms; and how uncertain it is, "" = not at all. */
struct number difference_ms(double ns, int decimals);
struct number difference_error(const struct delta *d, int decimals);

/* ---- difference_tree.c ---------------------------------------------------------------------------------------------- */

void difference_tree(struct difference *d); /* fills nodes and children */
char *difference_node_name(const struct difference *d, int32_t node); /* printable; the caller frees it */

/* The tree to read: its branches in which something changed. */
struct difference_row {
	int32_t node, last;     /* of a run its first and its last node */
	unsigned level, run;    /* run: frames that the row stands for, 0 = an ordinary row */
};

struct difference_outline {
	struct difference_row *rows;
	size_t n, cap;
	double threshold;       /* ns: smaller changes are left out */
};

void difference_outline(const struct difference *d, struct difference_outline *ret);
char *difference_row_name(const struct difference *d, const struct difference_row *row);

/* ---- all routes, and how they are written ---------------------------------------------------------------------------- */

struct differences {
	struct difference **list;
	size_t n;
	char *only_a, *only_b;  /* routes that the other side has not, "GET /x (3)"; NULL = none */
};

struct difference_format {
	const char *name, *extension;
	int (*write)(const struct differences *all, FILE *f); /* 0 or −errno; stream errors are the caller's (ferror) */
};

extern const struct difference_format *const difference_formats[]; /* NULL-terminated; the first is the default */
extern const struct difference_format difference_text, difference_json, difference_html;

#endif
