/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The reports of a directory, newest first, with what is known of each. What file names do not tell comes from who writes them, from the list
 * that was written before, and, a few at a time, from the profiles themselves.
 */
#ifndef REQPROF_ROWS_H
#define REQPROF_ROWS_H

#include "page/row.h"

#define INDEX_FILE "index.html"
#define INDEX_SIGNATURE "<!DOCTYPE html><!-- reqprof index -->\n" /* its first line, by which we know our own page again */

struct rows {
	struct row *rows;
	size_t n;
};

void rows_free(struct rows *rows);

/* What changed: a row that is new, gone, or has other files or more to tell than before; a new one whose profile is still to be asked is told
 * when it has been. `row` is valid during the call. */
typedef void rows_changed(void *ctx, const struct row *row, bool gone);

/* Look into the directory anew. `changed` may be NULL. 0 or −errno, and then nothing has changed. */
int rows_refresh(struct rows *rows, int dir, rows_changed *changed, void *ctx);

/* The report `id` was written just now: what its profile tells, without reading it again. */
void rows_note(struct rows *rows, const struct profile *p);

/* What the directory's index.html tells of reports that are not known yet; one that is not ours tells nothing. */
void rows_read_index(struct rows *rows, int dir);

/* Ask the profiles of the newest reports that are not known yet, at most `max` of them. Their number: 0 = none is left to ask. */
size_t rows_read_profiles(struct rows *rows, int dir, size_t max, rows_changed *changed, void *ctx);

/* Whether a row is neither known nor has been asked. */
bool rows_incomplete(const struct rows *rows);

#endif
