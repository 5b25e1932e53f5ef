/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ways in which user stacks are walked, the one that is tried first at the top. To add one: a file and a row in unwinders.c. */
#ifndef REQPROF_UNWINDERS_H
#define REQPROF_UNWINDERS_H

struct unwinder {
	const char *name;
	const char *covers;     /* code that it can walk, for a reader of -v */
};

extern const struct unwinder *const unwinders[]; /* NULL-terminated */

extern const struct unwinder unwinder_cfi;
extern const struct unwinder unwinder_fp;

#endif
