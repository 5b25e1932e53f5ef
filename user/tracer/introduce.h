/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process runs, told to the worker: PROGRAM and RUNTIME of base/protocol.h. */
#ifndef REQPROF_INTRODUCE_H
#define REQPROF_INTRODUCE_H

#include <sys/types.h>

/* Read what `pid` runs and tell `worker`. A worker's name is its server's. Never waits: what finds no room is not said. */
void introduce(int worker, pid_t pid);

#endif
