/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The perf maps of the processes that are known, read again as they grow. */
#ifndef REQPROF_JIT_NAMES_H
#define REQPROF_JIT_NAMES_H

#include <stdint.h>

#include "symbol/asked.h"

struct jit_names;

/* The name of generated code, NULL = none is known. It lives until the next call. `names` is the head of a table: NULL = empty. */
const char *jit_name(struct jit_names **names, const struct asked *asked, uint64_t address);
void jit_names_forget(struct jit_names **names, int pid);
void jit_names_clear(struct jit_names **names);

#endif
