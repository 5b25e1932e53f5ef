/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the namer finds, in the tables of a profile. */
#ifndef REQPROF_CAPTURE_NAMES_H
#define REQPROF_CAPTURE_NAMES_H

#include "profile/profile.h"
#include "capture/namer.h"

/* What was not found, of all stacks of a request. */
struct name_faults {
	uint64_t unknown;       /* frames without a module, and Python's without a name */
	uint64_t inexact;       /* stacks whose native and Python frames do not agree: Python's may be at the wrong places among them */
};

/* The index of the stack in the profile, its outermost frame as root; −1 if no frame is left. Adds to the faults. */
int32_t names_stack(struct namer *namer, struct profile *p, const struct symbol_stack *stack, struct name_faults *faults);

/* The executables of the process, into p->about.executables, each once. */
void names_executables(struct namer *namer, struct profile *p, int pid);

#endif
