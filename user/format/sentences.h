/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The answer in a few sentences that account for all of the wall time, the heaviest first, none claiming more than the profile knows.
 *
 * The wall time falls into parts: its classes, of which on-CPU time is divided further by the samples (in the function that most of it goes
 * through, elsewhere) and unknown time into ambiguous and unknown. Every part of some weight gets a sentence, the last one names the rest.
 */
#ifndef REQPROF_SENTENCES_H
#define REQPROF_SENTENCES_H

#include "profile/profile.h"

#define SENTENCES_MAX 6

struct sentence {
	enum time_class class;  /* whose colour it has; N_TIME_CLASSES = the rest */
	unsigned permille;      /* of the wall time; all sentences together: 1000 */
	uint64_t ns;            /* likewise: wall_ns */
	char *share;            /* "62 %", "Remaining 4.6 %" */
	char *text;             /* what follows it: " (113.7 ms ± 5) on CPU in …" */
	const char *panel;      /* where to look: "tree", "waits"; NULL = nowhere */
	char *search;           /* what to look for there; NULL = nothing */
};

struct sentences {
	struct sentence list[SENTENCES_MAX];
	size_t n;
};

void sentences_make(const struct profile *p, struct sentences *ret);
void sentences_clear(struct sentences *s);

#endif
