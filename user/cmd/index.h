/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* index.html: the reports of a directory, newest first. */
#ifndef REQPROF_INDEX_H
#define REQPROF_INDEX_H

#include <stdio.h>

#include "cmd/catalog.h"

#define INDEX_FILE "index.html"
#define INDEX_ROWS_MAX 1000     /* older reports are counted below the table */

/* What a file name cannot tell of a report. */
struct index_note {
	char id[7];
	char *target;           /* redacted; owned */
	char *method;
};

struct index_notes {
	struct index_note *notes; /* of the reports written so far, newest last; only the last INDEX_ROWS_MAX are kept */
	size_t n, cap;
};

void index_note(struct index_notes *notes, const struct profile *p);
void index_notes_free(struct index_notes *notes);

/* The page. */
void index_print(FILE *f, const struct catalog_entry *entries, size_t n, const struct index_notes *notes);

/* Write it anew into the directory. 0 or −errno; −EEXIST: there is an index.html that is not ours, which is left alone. */
int index_write(int dir, const struct index_notes *notes);

#endif
