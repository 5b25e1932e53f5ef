/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which file ended the process that read it: a page that it shares with its parent. It notes a file before it touches it and clears the
 * note after; a note that is still there when it is gone names the one to blame. The parent trusts nothing in it.
 */
#ifndef REQPROF_BLAME_H
#define REQPROF_BLAME_H

#include <stdbool.h>
#include <stdint.h>

#include "symbol/symbolizer.h"

#define BLAME_PATH_MAX 2048     /* with its NUL byte; longer paths are cut */

struct blamed_file {
	uint64_t device, inode, size;
	char path[BLAME_PATH_MAX];
};

struct blame;

struct blame *blame_new(void); /* NULL: errno says why */
void blame_free(struct blame *b); /* NULL is fine */

/* In the process that reads. */
void blame_begin(struct blame *b, const struct file_id *file);
void blame_end(struct blame *b);

/* In its parent, when it is gone: take the note away. False: there is none. */
bool blame_take(struct blame *b, struct blamed_file *ret);

bool blamed_is(const struct blamed_file *blamed, const struct file_id *file);

#endif
