/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this kernel has, by the description of its types (BTF). */
#ifndef REQPROF_KERNEL_TYPES_H
#define REQPROF_KERNEL_TYPES_H

#include <stdint.h>

/* Does this kernel have the socket tracepoints of 6.5 (sock_recv_length and sock_send_length with BTF)? −errno: no BTF. */
int kernel_has_socket_tracepoints(void);

/*
 * From a CPU's run queue to its steal clock of KVM, a u64 of ns, which the hypervisor brings up to date before the CPU goes on
 * (arch/x86/kernel/kvm.c: the per-CPU variable steal_time; arch/x86/include/uapi/asm/kvm_para.h: struct kvm_steal_time, member steal). In bytes,
 * 0 = this kernel has none or does not say where. The clock stays at 0 where the machine is not KVM's.
 */
int64_t kernel_steal_clock(void);

#endif
