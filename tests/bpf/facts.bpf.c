// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Entry points for tests/bpf/facts.c: each calls one function of the program on the test process itself. */
#include "request.bpf.h"
#include "facts.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct described);
} described SEC(".maps");

static __always_inline struct sock *sk_of(__s32 fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = (void *)BPF_CORE_READ(table, fd), *file = NULL;
	struct socket *socket;

	bpf_probe_read_kernel(&file, sizeof file, &files[fd]);
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

SEC("syscall")
int describe(struct fact_args *args)
{
	__u32 zero = 0;
	struct described *d = bpf_map_lookup_elem(&described, &zero);

	if (d)
		object_describe(bpf_get_current_task_btf(), args->fd, &d->object);
	return 0;
}

SEC("syscall")
int describe_wait_call(struct fact_args *args)
{
	__u64 copy[6], timeout;
	__s32 fd;

	for (int i = 0; i < 6; i++)
		copy[i] = args->args[i];
	args->is_event_wait = event_wait(bpf_get_current_task_btf(), args->nr, copy, &fd, &timeout);
	args->fd = fd;
	args->timeout_ns = timeout;
	return 0;
}

SEC("syscall")
int describe_epoll(struct fact_args *args)
{
	args->epoll = epoll_state((__u64)sk_of(args->fd));
	return 0;
}
