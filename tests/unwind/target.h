/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files and the memory of a process, opened and read without a tracer in between. */
#ifndef REQPROF_TARGET_H
#define REQPROF_TARGET_H

#include "symbol/memory.h"
#include "symbol/symbolizer.h"

/* No debug files. */
struct symbol_source target_source(void);

struct memory target_memory(void);

#endif
