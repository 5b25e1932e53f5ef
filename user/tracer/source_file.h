/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Files with the target's source code, for --source: opened here, read by who has no privileges. */
#ifndef REQPROF_SOURCE_FILE_H
#define REQPROF_SOURCE_FILE_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Open the file whose path stands in sealed memory (with a NUL byte at its end) as the process would: an absolute one below its root directory, out
 * of which no link leads, another one below its working directory. Who asks has the path from the target: so only a regular file that the process'
 * own user could read. A new descriptor or −errno; *ret_began_ns: when the process began, ns since the epoch, 0 = unknown.
 */
int source_file_open(pid_t pid, int path_fd, uint64_t *ret_began_ns);

#endif
