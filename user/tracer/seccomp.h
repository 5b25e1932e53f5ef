/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Returns of functions are probed by a system call of the kernel's own (x86 from 6.11 on), which a seccomp filter of the target may not know: on
 * kernels before the fix of 2025 ("seccomp: passthrough uretprobe systemcall without filtering", 6.14) the target is killed by it.
 */
#ifndef REQPROF_SECCOMP_H
#define REQPROF_SECCOMP_H

#include <stdbool.h>
#include <sys/types.h>

#include "tracer/links.h"

/* Never at the price of the target's life: would it be ended if these probes were on returns in it? Tried once, on a process of ours. True is
 * printed, with what to do. */
bool seccomp_refuses_returns(pid_t pid, const struct uprobes *like);

#endif
