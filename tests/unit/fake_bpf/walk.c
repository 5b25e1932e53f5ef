/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include "walk.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "unwind.bpf.h"

__u64 fake_now;
struct pt_regs fake_regs;
struct task_struct fake_task;
struct chunks_map chunks;
struct spaces_map spaces;

uint64_t *fake_chunk;
uint32_t fake_texts, fake_n_texts;
uint64_t fake_trampoline;
struct fake_return fake_returns[FAKE_RETURNS];

static struct rp_space space;
static struct xol_area area;
static struct mm_struct mm = {.uprobes_state.xol_area = &area};
static struct return_instance instances[FAKE_RETURNS];
static struct uprobe_task utask = {.return_instances = instances};

/* The outer map holds itself for the inner one. */
void *fake_map_lookup(void *map, const void *key)
{
	if (map == &spaces)
		return *(const __u32 *)key == space.pid ? &space : NULL;
	return map == &chunks && !*(const __u32 *)key ? (void *)fake_chunk : map;
}

long fake_loop(__u32 n, long (*step)(__u32 i, void *ctx), void *ctx)
{
	for (__u32 i = 0; i < n; i++)
		if (step(i, ctx))
			return i + 1;
	return n;
}

/* As the kernel's, it fails where nothing is mapped. */
long fake_read_user(void *to, __u64 n, const void *from)
{
	struct iovec local = {to, n}, remote = {(void *)from, n};

	return syscall(SYS_process_vm_readv, getpid(), &local, 1L, &remote, 1L, 0L) == (ssize_t)n ? 0 : -14;
}

size_t fake_walk(const struct fake_registers *r, uint64_t *addresses, size_t max, uint32_t *ret_reason)
{
	static struct unwind u;
	size_t n;

	space = (struct rp_space){.texts = fake_texts, .n = fake_n_texts, .pid = getpid()};
	area.vaddr = fake_trampoline;
	for (int i = 0; i < FAKE_RETURNS; i++)
		instances[i] = (struct return_instance){.stack = fake_returns[i].slot, .orig_ret_vaddr = fake_returns[i].address,
							.next = i + 1 < FAKE_RETURNS ? &instances[i + 1] : NULL};
	fake_regs = (struct pt_regs){.ip = r->ip, .sp = r->sp, .bp = r->bp, .cs = 0x33};
	fake_task = (struct task_struct){.tgid = getpid(), .mm = &mm, .utask = &utask};
	u.n = u.head.n_kernel = 0;
	unwind(&u, &fake_task);
	*ret_reason = u.reason;
	n = u.n < max ? u.n : max;
	memcpy(addresses, u.addresses, n * sizeof *addresses);
	return n;
}
