// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* User stacks by frame pointer: the chain of saved RBP, [rbp] = the caller's rbp, [rbp + 8] = the return address (System V x86-64 ABI §3.2.2). */
#include "unwind.bpf.h"

struct chain {
	struct unwind *u;
	__u64 fp;
};

static long step(__u32 i, struct chain *c)
{
	struct unwind *u = c->u;
	struct {
		__u64 fp, ra;
	} frame;

	if (!c->fp)
		return 1;
	if (c->fp & 7 || c->fp < u->sp) {
		u->flags |= RP_STACK_TRUNCATED;
		return 1;
	}
	if (bpf_probe_read_user(&frame, sizeof frame, (void *)c->fp)) {
		u->flags |= RP_STACK_USER_FAULT;
		return 1;
	}
	if (!frame.ra)
		return 1;
	if (unwind_push(u, frame.ra))
		return 1;
	u->sp = c->fp + 16;
	c->fp = frame.fp;
	return 0;
}

__hidden void unwind_fp(struct unwind *u)
{
	struct chain c = {.u = u, .fp = u->fp};

	bpf_loop(RP_MAX_USER_FRAMES, step, &c, 0);
}
