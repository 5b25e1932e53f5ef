/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --source: the code around the lines that a request was in. */
#ifndef REQPROF_SOURCE_CODE_H
#define REQPROF_SOURCE_CODE_H

#include "capture/namer.h"
#include "profile/profile.h"

#define SOURCE_FILES_MAX 200
#define SOURCE_BYTES_MAX (1U << 20) /* of one report */
#define SOURCE_CONTEXT 10           /* lines before and after an executed one */

/* Add it to the finished profile, the program's own files first, those with the most time before others; until there are too many of them, or it
 * is too much. */
void source_code_add(struct namer *n, struct profile *p);

#endif
