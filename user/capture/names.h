/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the namer finds, in the tables of a profile. */
#ifndef REQPROF_CAPTURE_NAMES_H
#define REQPROF_CAPTURE_NAMES_H

#include "profile/profile.h"
#include "capture/namer.h"

/* The index of the stack in the profile, its outermost frame as root; −1 if no frame is left. Each frame without a module adds 1 to
 * *unknown. */
int32_t names_stack(struct namer *namer, struct profile *p, const struct symbol_stack *stack, uint64_t *unknown);

/* The executables of the process, into p->about.executables, each once. */
void names_executables(struct namer *namer, struct profile *p, int pid);

#endif
