/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* index.html of the directory that a recording writes into. */
#ifndef REQPROF_INDEX_FILE_H
#define REQPROF_INDEX_FILE_H

#include <sys/types.h>

#include "page/rows.h"

struct index_file {
	struct rows rows;
	ino_t written;          /* the one that we wrote last; 0 = none yet */
};

void index_file_free(struct index_file *index);

/* Write it anew, with the report of `p`, which lies there already. Several recordings may do so in one directory: what one of them knows, the
 * next takes from the page. 0 or −errno; −EEXIST: there is an index.html that is not ours, which is left alone. */
int index_file_write(struct index_file *index, int dir, const struct profile *p);

#endif
