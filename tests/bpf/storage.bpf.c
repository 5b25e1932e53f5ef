// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For tests/bpf/storage.c: a program that makes the first storage of the thread that runs it, and a map that is written from outside. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} programs_own SEC(".maps"), marks SEC(".maps");

SEC("syscall")
int make(void *ctx)
{
	bpf_task_storage_get(&programs_own, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	bpf_task_storage_get(&marks, bpf_get_current_task_btf(), 0, 0); /* the map is to be in the object */
	return 0;
}
