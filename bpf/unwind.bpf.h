/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Unwinding of user stacks: what stack.bpf.c asks for, and what each unwinder (unwind_*.bpf.c) works on. */
#ifndef REQPROF_UNWIND_BPF_H
#define REQPROF_UNWIND_BPF_H

#include "reqprof.bpf.h"

/* A stack being taken: the event, filled from the innermost kernel frame to the outermost user frame. */
struct stack_buffer {
	struct rp_stack head;
	__u64 addresses[RP_MAX_KERNEL_FRAMES + RP_MAX_USER_FRAMES];
	__u64 slack;            /* a masked index may point one behind */
};

/* An unwinder reads the registers, pushes return addresses, and sets flags when the walk did not end at the stack's bottom. */
struct unwind {
	struct stack_buffer *stack;
	__u64 ip, sp, fp;
	__u64 hash;
	__u32 n;                /* addresses in the buffer */
	__u32 flags;            /* RP_STACK_* */
};

static __always_inline __u64 hash_add(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/* Add one address. Non-zero when the buffer is full. */
static __always_inline int unwind_push(struct unwind *u, __u64 address)
{
	__u32 n = u->n;

	if (n >= RP_MAX_KERNEL_FRAMES + RP_MAX_USER_FRAMES || n - u->stack->head.n_kernel >= RP_MAX_USER_FRAMES) {
		u->flags |= RP_STACK_TRUNCATED;
		return 1;
	}
	u->stack->addresses[n] = address;
	u->hash = hash_add(u->hash, address);
	u->n = n + 1;
	return 0;
}

__hidden void unwind_fp(struct unwind *u); /* unwind_fp.bpf.c */

#endif
