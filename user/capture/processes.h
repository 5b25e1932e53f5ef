/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The processes that work for one request, and whose mappings explain the user addresses of each.
 *
 * Mappings are read when a process turns up, because its exit ends the chance. A child that is gone by then had its parent's; one that has
 * called exec by then had them until that event.
 */
#ifndef REQPROF_PROCESSES_H
#define REQPROF_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/namer.h"

struct process {
	int pid;
	int maps_pid;           /* process whose mappings hold for it now; 0 = unknown */
	bool exec;              /* it has called exec: these are its own */
};

struct processes {
	struct process *list;   /* the first is the one that read the request */
	size_t n, cap;
	bool exec;              /* some of them has called exec: a child's parent is no longer sure to look like the first */
};

/* A process turns up; does nothing for one that is known. */
void processes_add(struct processes *ps, struct namer *namer, int pid);

/* Whose mappings explain addresses of `pid`; before_exec: those that it had until it called exec just now. 0 = unknown. */
int processes_maps(const struct processes *ps, int pid, bool before_exec);

/* `pid` has called exec, and what was before it is named; the namer is told once, by the caller. */
void processes_exec(struct processes *ps, int pid);

bool processes_has(const struct processes *ps, int pid);

#endif
