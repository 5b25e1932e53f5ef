/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the kernel of a virtual machine reads what its hypervisor has taken from a CPU. */
#ifndef REQPROF_STEAL_CLOCK_H
#define REQPROF_STEAL_CLOCK_H

#include <stdint.h>

/*
 * From a CPU's run queue to its steal clock of KVM, a u64 of ns, which the hypervisor brings up to date before the CPU goes on
 * (arch/x86/kernel/kvm.c: the per-CPU variable steal_time; arch/x86/include/uapi/asm/kvm_para.h: struct kvm_steal_time, member steal). In bytes,
 * 0 = this kernel has none or does not say where. The clock stays at 0 where the machine is not KVM's.
 */
int64_t steal_clock(void);

#endif
