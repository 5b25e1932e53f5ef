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

#define UPROBE_MULTI_MAX 64

struct uprobe_multi {
	int program;            /* loaded, of one of these types */
	uint32_t attach_type;
	const char *path;
	const uint64_t *offsets; /* of instructions in the file */
	uint32_t n;             /* at most UPROBE_MULTI_MAX */
	uint64_t cookie;        /* what bpf_get_attach_cookie() returns */
	pid_t pid;
	bool on_return;         /* not for a session: at the return of the functions that begin there */
};

/* Does this kernel make links of that attach type? */
bool uprobe_multi_works(uint32_t attach_type);

/* The link's descriptor, or −errno. */
int uprobe_multi_link(const struct uprobe_multi *u);

#endif
