/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Task storage of BPF programs, written from here. */
#ifndef REQPROF_TASK_STORAGE_H
#define REQPROF_TASK_STORAGE_H

#include <bpf/bpf.h>
#include <errno.h>

#define TASK_STORAGE_TRIES 1000

/* Set what a thread has none of yet. −errno: −EEXIST: it has. EAGAIN: a program has made the thread's first storage, of any map, at the same moment
 * (kernel/bpf/bpf_local_storage.c, bpf_local_storage_alloc()); the next time there is one. */
static inline int task_storage_add(int map, int pidfd, const void *value)
{
	int r = -EAGAIN;

	for (int i = 0; i < TASK_STORAGE_TRIES && r == -EAGAIN; i++)
		r = bpf_map_update_elem(map, &pidfd, value, BPF_NOEXIST);
	return r;
}

#endif
