/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tracer's own privileges, once everything is attached. */
#ifndef REQPROF_PRIVILEGES_H
#define REQPROF_PRIVILEGES_H

#include <stdbool.h>

/* The calling thread (capabilities are per thread) keeps only what answering the worker needs: PTRACE, PERFMON, CHECKPOINT_RESTORE,
 * DAC_READ_SEARCH, SYSLOG, and with `maps` BPF, and gains nothing by exec. 0 or −errno. */
int privileges_drop(bool maps);

#endif
