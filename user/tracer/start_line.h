/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a user reads of each server that is attached to: name, runtime, event loop, workers, addresses. */
#ifndef REQPROF_START_LINE_H
#define REQPROF_START_LINE_H

#include "tracer/image.h"
#include "tracer/servers.h"

/* "4242 uvicorn: CPython 3.11, uvloop, 1 worker, listens on 127.0.0.1:8000", then, after "; ", what cannot be had. `image`: of the member that
 * serves. The caller frees it. Pure. */
char *start_line(const struct servers *servers, const struct server *server, const struct image *image);

/* "4243 worker of 4242"; the caller frees it. Pure. */
char *member_line(const struct servers *servers, const struct member *member);

/* Print a line for each server among these processes, and with -v one for each process. */
void start_lines_print(const pid_t *pids, size_t n);

#endif
