/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What makes contexts in a CPython process beside PyContext_CopyCurrent(): each gets the address of one that is gone. */
#ifndef REQPROF_PYTHON_CONTEXT_H
#define REQPROF_PYTHON_CONTEXT_H

#include "unwind/python.h"

/* Context() and Context.copy(), which their type tells of, PyContext_New() and PyContext_Copy(): runtime->fresh_contexts is set, 0 = unknown.
 * bias: address in the process - address in the file. */
void python_contexts_find(const struct maps *maps, const struct memory *memory, int pid, const struct python_module *module, uint64_t bias,
			  struct python_runtime *runtime);

#endif
