/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Process ids of the command line. */
#ifndef REQPROF_PIDS_H
#define REQPROF_PIDS_H

#include <stddef.h>
#include <sys/types.h>

/* Append "PID[,PID…]" to a growing array. 0, or −EINVAL: not a list of positive numbers. */
int pids_parse(const char *arg, pid_t **pids, size_t *n, size_t *cap);

/* Turn every id into that of its process (a thread's id names its process), drop repetitions, and refuse what cannot be recorded: no such
 * process, a kernel thread, one that has ended, reqprof itself. Prints its error: 0 or −errno. */
int pids_resolve(pid_t *pids, size_t *n);

#endif
