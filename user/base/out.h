/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A stream that knows why it could not be written. stdio alone does not: a write that fails takes the buffer with it; fflush() succeeds then, and
 * ferror() is all that is left. */
#ifndef REQPROF_OUT_H
#define REQPROF_OUT_H

#include <stdio.h>

struct out {
	FILE *stream;           /* NULL: not open */
	int fd, error;          /* of the first write that failed, 0 = none */
};

/* Each returns 0 or −errno. An open `o` must not move. */
int out_open(struct out *o, int fd); /* owns fd, also after a failure */
int out_close(struct out *o);        /* all is written, or why not; nothing if it is not open */

#endif
