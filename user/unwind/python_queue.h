/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a CPython process hands work to the threads of a ThreadPoolExecutor: SimpleQueue.put(), which has no symbol that other files see. It is found
 * by the table in which its module lists its methods, in the process' memory. */
#ifndef REQPROF_PYTHON_QUEUE_H
#define REQPROF_PYTHON_QUEUE_H

#include <stdbool.h>

#include "unwind/python.h"

/* Look for it in the module, or, where that is built in, in the interpreter, once: true = runtime->queue_put, and its mapping, are set. */
bool python_queue_find(const struct maps *maps, const struct memory *memory, int pid, struct python_runtime *runtime);

#endif
