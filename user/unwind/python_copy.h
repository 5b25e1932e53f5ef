/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of a process of which the kernel side has sent a part with a code object: what is in that copy is read from there, the rest from the
 * process. */
#ifndef REQPROF_PYTHON_COPY_H
#define REQPROF_PYTHON_COPY_H

#include <linux/types.h>
#include <stdbool.h>

#include "reqprof.h"
#include "symbol/memory.h"

struct python_copy {
	const struct rp_python_code *code;
	const uint8_t *bytes;   /* of its parts, as many as it says */
	const struct memory *process;
	bool incomplete;        /* the process has been asked: what it answered may be of something else by now */
};

/* All of it must outlive what is returned. */
struct memory python_copy_memory(struct python_copy *copy);

#endif
