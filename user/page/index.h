/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pages that lead to reports: the list of them (index.html), and one that follows the newest. */
#ifndef REQPROF_INDEX_H
#define REQPROF_INDEX_H

#include <stdint.h>
#include <stdio.h>

#include "page/rows.h"

#define INDEX_TABLE_MAX 1000    /* rows that can be read without script; script has them all */

/* Where the page is read. */
struct index_place {
	bool served;            /* by `reqprof serve`: what happens after `sequence` is told at "events" */
	uint64_t sequence;
};

void index_print(FILE *f, const struct rows *rows, const struct index_place *place);

/* The page that shows the newest report, and each that comes. Served only. */
void newest_print(FILE *f, const struct rows *rows, const struct index_place *place);

/* What a browser may load for them, as a Content-Security-Policy. */
void index_policy(FILE *f, const struct index_place *place);
void newest_policy(FILE *f);

#endif
