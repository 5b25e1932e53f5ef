/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/uprobe_multi.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOWHERE 1 /* an address at which nothing is */
#define ON_RETURN 1 /* include/uapi/linux/bpf.h: BPF_F_UPROBE_MULTI_RETURN */

/* The part of union bpf_attr for BPF_LINK_CREATE, include/uapi/linux/bpf.h of 6.6. */
struct link_create {
	uint32_t program, target;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t n;
	uint32_t uprobe_flags;
	uint32_t pid;
	uint32_t pad;
};

/* A link to a file whose name cannot be read: refused for that by a kernel that knows the type (bpf_uprobe_multi_link_attach()), for the type by
 * others. Its functions' names do not tell: 6.10 has that which asks whether a session returns, and sessions for other probes only. */
bool uprobe_multi_works(uint32_t attach_type)
{
	static const struct bpf_insn nothing[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type);
	int program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", nothing, sizeof nothing / sizeof nothing[0], &options);
	struct link_create attr = {.program = program, .attach_type = attach_type, .path = NOWHERE, .offsets = NOWHERE, .n = 1};
	bool works;

	if (program < 0)
		return false;
	works = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr) < 0 && errno == EFAULT;
	close(program);
	return works;
}

int uprobe_multi_link(const struct uprobe_multi *u)
{
	uint64_t cookies[UPROBE_MULTI_MAX];
	struct link_create attr = {
		.program = u->program, .attach_type = u->attach_type, .path = (uintptr_t)u->path, .offsets = (uintptr_t)u->offsets,
		.cookies = (uintptr_t)cookies, .n = u->n, .uprobe_flags = u->on_return ? ON_RETURN : 0, .pid = u->pid,
	};
	int fd;

	if (!u->n || u->n > UPROBE_MULTI_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < u->n; i++)
		cookies[i] = u->cookie;
	fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr);
	return fd < 0 ? -errno : fd;
}
