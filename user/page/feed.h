/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What has happened in the directory, as server-sent events: numbered from 1 on, the last FEED_MAX are remembered. */
#ifndef REQPROF_FEED_H
#define REQPROF_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "page/row.h"

#define FEED_MAX 512

struct feed {
	char *texts[FEED_MAX];  /* of event i: [i % FEED_MAX] */
	uint64_t last;          /* 0 = nothing has happened */
};

void feed_free(struct feed *feed);

void feed_row(struct feed *feed, const struct row *row);  /* it is new, or other than before */
void feed_gone(struct feed *feed, const struct row *row);
void feed_again(struct feed *feed);                       /* so much is other that the page is to be loaded again */

/* The event that follows number *since, which becomes its number; NULL: there is none yet. If it is forgotten, or *since is none of ours, the
 * event that says so. The text is the feed's, until the next call of any function here. */
const char *feed_next(const struct feed *feed, uint64_t *since);

#endif
