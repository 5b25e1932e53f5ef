/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files of the target mapped for reading. Whoever owns such a file may cut it short meanwhile; bytes that are gone read as zeros instead of
 * ending the process by SIGBUS.
 */
#ifndef REQPROF_MAPPED_H
#define REQPROF_MAPPED_H

#include <stddef.h>

struct mapped {
	char *data;             /* NULL = not mapped; what is written there (libelf does) stays there */
	size_t size;
	struct mapped *next;
};

/* Map a regular file. `m` must stay where it is until mapped_close(). fd may be closed after. 0 or −errno (−ENODATA: it is empty). */
int mapped_open(struct mapped *m, int fd);
void mapped_close(struct mapped *m);

#endif
