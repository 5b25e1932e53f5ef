/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who listens where: from /proc/PID/net/{tcp,tcp6,unix} and /proc/PID/fd (kernel's text only). */
#ifndef REQPROF_LISTENERS_H
#define REQPROF_LISTENERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct listener {
	pid_t pid;              /* of a process that holds the socket */
	char comm[16];          /* of that process, control characters replaced */
	char address[128];      /* "127.0.0.1:8000", "[::]:80", "unix:/run/app.sock" */
	uint16_t port;          /* 0 for Unix sockets */
	uint64_t inode;
	int fd;                 /* of that process, the first one that it is found by */
};

/* All listening sockets of all processes that can be seen (pid 0), or of one process. The caller frees *ret. Returns their number or −errno. */
int listeners_find(pid_t pid, struct listener **ret);

#endif
