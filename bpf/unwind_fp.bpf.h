/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One frame by frame pointer: [rbp] = the caller's rbp, [rbp + 8] = the return address (System V x86-64 ABI §3.2.2, §3.4.1: 0 at the bottom). */
#ifndef REQPROF_UNWIND_FP_BPF_H
#define REQPROF_UNWIND_FP_BPF_H

#include "unwind.bpf.h"

/* From the frame to its caller: 0, or unwind_stop(). */
static __always_inline int unwind_fp(struct unwind *u)
{
	__u64 fp = u->fp, caller;

	if (!fp)
		return unwind_stop(u, RP_STACK_complete);
	if (fp & 7 || fp < u->sp)
		return unwind_stop(u, RP_STACK_broken);
	if (stack_word(u, fp, fp, &caller) || stack_word(u, fp + 8, fp, &u->ip))
		return unwind_stop(u, RP_STACK_fault);
	u->fp = caller;
	u->sp = fp + 16;
	u->return_slot = fp + 8;
	u->rbx_slot = 0;
	u->signal = 0;
	return 0;
}

#endif
