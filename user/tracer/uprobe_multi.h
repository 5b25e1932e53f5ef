/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* uprobe_multi links (Linux 6.6), which libbpf 1.1 does not know: attaching one does not stall the target, and needs no capability. */
#ifndef REQPROF_UPROBE_MULTI_H
#define REQPROF_UPROBE_MULTI_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* include/uapi/linux/bpf.h: enum bpf_attach_type */
#define UPROBE_MULTI_ATTACH_TYPE 48     /* BPF_TRACE_UPROBE_MULTI: one side of a function */
#define UPROBE_SESSION_ATTACH_TYPE 57   /* BPF_TRACE_UPROBE_SESSION (6.13): the entry, which decides whether the return is wanted */

/* Attach a loaded program of one of these types to an instruction of a file, in one process; on_return (not for a session): to the return of the
 * function that begins there. The link's descriptor, or −errno. */
int uprobe_multi_link(int program, uint32_t attach_type, const char *path, uint64_t offset, pid_t pid, bool on_return);

#endif
