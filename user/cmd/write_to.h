/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a command that prints something prints it: -o FILE. */
#ifndef REQPROF_WRITE_TO_H
#define REQPROF_WRITE_TO_H

#include <stdbool.h>
#include <stdio.h>

bool is_stdout(const char *path); /* NULL or "-" */

/* Have `write` print what `what` is: to stdout, to a pipe or device as it is there, else to a file that appears whole or not at all.
 * 0, or −1: the error is printed. */
int write_to(const char *path, int (*write)(const void *what, FILE *f), const void *what);

#endif
