/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The user stack of a stopped thread as libdwfl walks it, with the thread's own registers and memory: what our own walk is measured against. */
#ifndef REQPROF_REFERENCE_H
#define REQPROF_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct reference;

/* Of one process, whose files are read here. NULL: it cannot be (libdwfl's message is printed). */
struct reference *reference_open(pid_t pid);
void reference_close(struct reference *r); /* NULL is fine */

/* Read the process's mappings again if they have changed. 1: they have, 0, or −1 (printed). */
int reference_update(struct reference *r);

/* The stack of a thread that the caller has stopped with ptrace: raw addresses, innermost first, at most `max`. Returns their number;
 * *ret_whole: it ended where libdwfl knows that nobody called, or there are more than `max`. */
int reference_unwind(struct reference *r, pid_t tid, uint64_t *ips, int max, bool *ret_whole);

#endif
