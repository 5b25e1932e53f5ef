/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frame pointers, walked in the kernel (unwind_fp.bpf.c): needs no preparation in user space. */
#include "unwind/unwinders.h"

const struct unwinder unwinder_fp = {
	.name = "frame pointers",
	.covers = "code that is made at run time, and files without such information",
};
