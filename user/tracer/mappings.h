/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who maps code: perf's records of mmap() and mprotect() with PROT_EXEC, of all processes. A stack that leads into code that is not known says so,
 * too; but where a library has taken the place of another one, the stack would be wrong instead.
 */
#ifndef REQPROF_MAPPINGS_H
#define REQPROF_MAPPINGS_H

#include <sys/types.h>

struct mappings;

/* NULL and errno: perf refuses; the caller can do without. */
struct mappings *mappings_open(void);
void mappings_close(struct mappings *m); /* NULL is fine */

/* The processes that have mapped code since the last call, some of them perhaps more than once; 0 stands for any: records were lost. Does not
 * wait. */
void mappings_read(struct mappings *m, void (*mapped)(void *ctx, pid_t pid), void *ctx);

#endif
