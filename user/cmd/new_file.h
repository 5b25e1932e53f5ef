/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that appears whole or not at all: written under a temporary name, then renamed. */
#ifndef REQPROF_NEW_FILE_H
#define REQPROF_NEW_FILE_H

#include "base/out.h"

struct new_file {
	int dir;                /* not owned */
	char *name, *temporary;
	struct out out;         /* what is written; must not move until new_file_close */
};

/* Each returns 0 or −errno. After a failure the file is discarded by new_file_discard as well as before it. */
int new_file_open(struct new_file *f, int dir, const char *name); /* mode 0600; `f` is to be discarded or committed */
int new_file_close(struct new_file *f);  /* everything is written, or −errno (ENOSPC …) */
int new_file_commit(struct new_file *f); /* give it its name, replacing what has it; frees */
void new_file_discard(struct new_file *f); /* remove what was written; a committed or never opened one is fine if zeroed */

#endif
