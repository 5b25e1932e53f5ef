/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The uprobes that are attached to processes, and whom they are for. */
#ifndef REQPROF_LINKS_H
#define REQPROF_LINKS_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LINK_OF_PYTHON -1       /* what a link is for: this, or the number of a handler */

struct link;

struct links {
	struct link *list;
	size_t n, cap;
};

/* A program on instructions of one file. */
struct uprobes {
	struct bpf_program *program;
	uint32_t attach_type;   /* uprobe_multi.h; 0: the kernel has no such links (before 6.6), each is a perf event, and the target stalls for some ms */
	const char *path;
	const uint64_t *offsets;
	uint32_t n;
	uint64_t cookie;
	pid_t pid;
	bool on_return;
};

/* 0 or −errno. */
int links_add(struct links *ls, const struct uprobes *u, int use);
void links_close(struct links *ls, pid_t pid, int use);
void links_close_all(struct links *ls);

/* The same, without waiting: the kernel takes some 50 ms for each. */
void links_close_later(struct links *ls);

/* Are handlers probed in the process? */
bool links_has_handlers(const struct links *ls, pid_t pid);

#endif
