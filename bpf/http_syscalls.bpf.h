/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System calls that move bytes through sockets, and where their arguments are: x86_64, arch/x86/entry/syscalls/syscall_64.tbl. */
#ifndef REQPROF_HTTP_SYSCALLS_BPF_H
#define REQPROF_HTTP_SYSCALLS_BPF_H

#ifndef __TARGET_ARCH_x86
#error "system call numbers and argument registers of this architecture are missing"
#endif

#define CALL_READ 0
#define CALL_WRITE 1
#define CALL_READV 19
#define CALL_WRITEV 20
#define CALL_SENDFILE 40
#define CALL_SENDTO 44
#define CALL_RECVFROM 45
#define CALL_SENDMSG 46
#define CALL_RECVMSG 47
#define CALL_SPLICE 275
#define CALL_RECVMMSG 299
#define CALL_SENDMMSG 307

#define CALL_NR(regs) ((regs)->orig_ax)
#define CALL_ARG2(regs) ((regs)->si)
#define CALL_ARG3(regs) ((regs)->dx)

#define CALL_IS_COMPAT(task) ((task)->thread_info.status & 2) /* TS_COMPAT, arch/x86/include/asm/thread_info.h */

#endif
