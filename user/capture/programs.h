/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the processes run, as the tracer has said (base/protocol.h: PROGRAM, RUNTIME, COST). */
#ifndef REQPROF_CAPTURE_PROGRAMS_H
#define REQPROF_CAPTURE_PROGRAMS_H

#include <stddef.h>

#include "base/protocol.h"

struct program_told {
	int pid;
	char *program, *runtime; /* printable; NULL = not known */
	uint64_t call_ns, turn_ns; /* what its handler's probes cost, the dearest one's if it has several; 0 = none is probed */
};

struct programs {
	struct program_told *list; /* at most PROGRAMS_MAX: then the oldest makes room */
	size_t n, cap;
	size_t oldest;
};

#define PROGRAMS_MAX 1024

/* One of these messages; the last one about a process holds, of costs the largest. */
void programs_take(struct programs *ps, const struct msg *msg);

/* NULL = nothing was said of it. Valid until the next programs_take(). */
const struct program_told *programs_find(const struct programs *ps, int pid);

void programs_clear(struct programs *ps);

#endif
