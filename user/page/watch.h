/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether reports have come or gone in a directory. */
#ifndef REQPROF_WATCH_H
#define REQPROF_WATCH_H

#include <stdbool.h>
#include <time.h>

struct watch {
	int dir;                /* not owned */
	int fd;                 /* to wait for; −1 = the kernel tells nothing: only watch_look() does */
	struct timespec changed;
};

/* Before the first look into the directory. */
void watch_open(struct watch *w, int dir);
void watch_close(struct watch *w);

/* What the kernel has told since: something of reports? */
bool watch_read(struct watch *w);

/* Look for oneself, for what no kernel tells: links, other machines. */
bool watch_look(struct watch *w);

#endif
