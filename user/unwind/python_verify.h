/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Do the offsets lead anywhere? */
#ifndef REQPROF_PYTHON_VERIFY_H
#define REQPROF_PYTHON_VERIFY_H

#include <linux/types.h>

#include "reqprof.h"
#include "symbol/memory.h"

/* Walk the interpreter's threads to a frame that runs a code object (whose type is at code_type; 0 = not known). 0: there is one, or no thread runs
 * Python at all; −EAGAIN: there is no interpreter, or no thread yet; −EBADMSG: what is there is something else; −errno: it cannot be read. */
int python_verify(const struct memory *memory, int pid, const struct rp_python *offsets, uint64_t code_type);

#endif
