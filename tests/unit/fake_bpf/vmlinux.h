/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel as far as the sources of requests see it, for tests that compile BPF sources for the host. Helpers behave as bpf-helpers(7) says;
 * a socket carries its own storage; the system call at hand is fake_regs.
 */
#ifndef REQPROF_FAKE_VMLINUX_H
#define REQPROF_FAKE_VMLINUX_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

struct iovec {
	void *iov_base;
	size_t iov_len;
};

struct user_msghdr {
	void *msg_name;
	int msg_namelen;
	struct iovec *msg_iov;
	size_t msg_iovlen;
};

struct sock_common {
	__u16 skc_family;
	__u8 skc_state;
};

struct sk_buff_head {
	__u32 qlen;
};

struct tcp_sock {
	__u64 bytes_received, bytes_sent;
	__u32 rcv_nxt, copied_seq;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u8 sk_shutdown;
	struct sk_buff_head sk_receive_queue;
	void *sk_bpf_storage;   /* NULL or: */
	struct {
		const void *map;
		__u64 value[32];
	} storage[2];           /* what programs keep with the socket */
	struct tcp_sock tcp;
};

struct unix_sock {
	void *addr;
};

struct socket {
	struct sock *sk;
};

struct file {
	int unused;
};

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

struct thread_info {
	__u32 status;
};

struct xol_area {
	unsigned long vaddr;
};

struct uprobes_state {
	struct xol_area *xol_area;
};

struct mm_struct {
	struct uprobes_state uprobes_state;
};

struct return_instance {
	unsigned long stack, orig_ret_vaddr;
	struct return_instance *next;
};

struct uprobe_task {
	struct return_instance *return_instances;
	void *active_uprobe;
	unsigned long vaddr;
};

struct task_struct {
	struct thread_info thread_info;
	int tgid;
	struct mm_struct *mm;
	struct uprobe_task *utask;
};

struct bpf_iter__task_file {
	struct task_struct *task;
	struct file *file;
};

enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_ARRAY_OF_MAPS = 12, BPF_MAP_TYPE_SK_STORAGE = 24, BPF_MAP_TYPE_RINGBUF = 27 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_CLONE = 512, BPF_F_MMAPABLE = 1024 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1, BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };

#endif
