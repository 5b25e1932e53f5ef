/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Task and socket storage of BPF programs, written from here. */
#ifndef REQPROF_LOCAL_STORAGE_H
#define REQPROF_LOCAL_STORAGE_H

#include <bpf/bpf.h>
#include <errno.h>

#define LOCAL_STORAGE_TRIES 1000

/* Set what a thread (fd: its pidfd) or a socket has none of yet. −errno: −EEXIST: it has. EAGAIN: a program has made the first storage there, of any
 * map, at the same moment (kernel/bpf/bpf_local_storage.c, bpf_local_storage_alloc()); the next time there is one. */
static inline int local_storage_add(int map, int fd, const void *value)
{
	int r = -EAGAIN;

	for (int i = 0; i < LOCAL_STORAGE_TRIES && r == -EAGAIN; i++)
		r = bpf_map_update_elem(map, &fd, value, BPF_NOEXIST);
	return r;
}

#endif
