/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What /proc/PID/stat says of a process (kernel's text, but for the name, which may hold anything). */
#ifndef REQPROF_PROCESS_H
#define REQPROF_PROCESS_H

#include <sys/types.h>

#define PROCESS_KERNEL_THREAD 0x00200000 /* PF_KTHREAD, in flags */

struct process_stat {
	pid_t parent;
	char state;             /* 'R', 'S', 'Z' … */
	unsigned flags;         /* PF_* */
	unsigned long long start_ticks; /* when it began, since boot, in sysconf(_SC_CLK_TCK) a second */
};

/* 0, or −ESRCH: there is no such process, or it cannot be seen. */
int process_stat(pid_t pid, struct process_stat *ret);

/* Its parent, 0 = none or gone. */
pid_t process_parent(pid_t pid);

#endif
