// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Event waits: system calls by which an event loop asks what to do next. After one the thread may work for anybody.
 *
 * One that blocks is seen at the switch. One that does not block fires no tracepoint that would not tax every system call of the machine; but
 * epoll leaves a trace: a level-triggered item that epoll_wait has reported stays on the set's ready list until the next epoll_wait looks at
 * it again and takes it off (fs/eventpoll.c, ep_send_events). So "is the request's socket still on that list?" answers "was epoll_wait
 * called since?" without probing it.
 */
#include "request.bpf.h"

/* System call numbers of x86_64, arch/x86/entry/syscalls/syscall_64.tbl */
#define NR_read 0
#define NR_write 1
#define NR_poll 7
#define NR_pread64 17
#define NR_pwrite64 18
#define NR_readv 19
#define NR_writev 20
#define NR_select 23
#define NR_sendfile 40
#define NR_recvmsg 47
#define NR_flock 73
#define NR_fsync 74
#define NR_fdatasync 75
#define NR_ftruncate 77
#define NR_getdents 78
#define NR_getdents64 217
#define NR_epoll_wait 232
#define NR_pselect6 270
#define NR_ppoll 271
#define NR_splice 275
#define NR_sync_file_range 277
#define NR_epoll_pwait 281
#define NR_fallocate 285
#define NR_accept4 288
#define NR_preadv 295
#define NR_pwritev 296
#define NR_recvmmsg 299
#define NR_syncfs 306
#define NR_sendmmsg 307
#define NR_copy_file_range 326
#define NR_preadv2 327
#define NR_pwritev2 328
#define NR_io_uring_enter 426
#define NR_epoll_pwait2 441

#define EPOLLET (1U << 31)      /* include/uapi/linux/eventpoll.h */
#define EPOLLONESHOT (1U << 30)
#define FD_WORDS 16             /* FD_SETSIZE bits; a set beyond it counts as an event wait */

static __always_inline int waits_on_first_argument(__s32 nr)
{
	switch (nr) {
	case NR_read: case NR_write: case NR_pread64: case NR_pwrite64: case NR_readv: case NR_writev:
	case NR_preadv: case NR_pwritev: case NR_preadv2: case NR_pwritev2:
	case NR_sendfile: case NR_splice: case NR_copy_file_range:
	case 3: /* close */ case 16: /* ioctl */ case 72: /* fcntl */
	case NR_flock: case NR_fsync: case NR_fdatasync: case NR_ftruncate: case NR_getdents: case NR_getdents64:
	case NR_sync_file_range: case NR_fallocate: case NR_syncfs:
	case 42: case 43: case 44: case 45: case 46: case NR_recvmsg: /* connect, accept, sendto, recvfrom, sendmsg, recvmsg */
	case NR_accept4: case NR_recvmmsg: case NR_sendmmsg:
		return 1;
	}
	return 0;
}

static __always_inline __u64 read_timespec(__u64 address, __u64 unit_ns)
{
	struct {
		__s64 seconds, fraction;
	} t;

	if (!address || bpf_probe_read_user(&t, sizeof t, (void *)address) || t.seconds < 0)
		return RP_UNKNOWN_NS;
	return t.seconds * 1000000000ULL + t.fraction * unit_ns;
}

struct fd_scan {
	const __u64 *args;
	__u32 count;
	__s32 fd;
};

static __always_inline __u64 fd_word(__u64 set, __u32 i)
{
	__u64 word = 0;

	if (set)
		bpf_probe_read_user(&word, sizeof word, (void *)(set + i * sizeof word));
	return word;
}

/* Number of the lowest bit of a word that has exactly one. */
static __always_inline __u32 bit_number(__u64 word)
{
	return (word & 0xffffffff00000000ULL ? 32 : 0) + (word & 0xffff0000ffff0000ULL ? 16 : 0) + (word & 0xff00ff00ff00ff00ULL ? 8 : 0) +
	       (word & 0xf0f0f0f0f0f0f0f0ULL ? 4 : 0) + (word & 0xccccccccccccccccULL ? 2 : 0) + (word & 0xaaaaaaaaaaaaaaaaULL ? 1 : 0);
}

static long scan_word(__u32 i, struct fd_scan *s)
{
	__u64 n = s->args[0], word;

	if (i * 64 >= n)
		return 1;
	word = fd_word(s->args[1], i) | fd_word(s->args[2], i) | fd_word(s->args[3], i);
	if (n - i * 64 < 64)
		word &= (1ULL << (n & 63)) - 1;
	if (!word)
		return 0;
	s->count += word & (word - 1) ? 2 : 1;
	s->fd = i * 64 + bit_number(word);
	return s->count > 1;
}

static __always_inline int select_wait(const __u64 args[6], __s32 *fd)
{
	struct fd_scan s = {.args = args, .fd = -1};

	if (args[0] > FD_WORDS * 64)
		return 1;
	bpf_loop(FD_WORDS, scan_word, &s, 0);
	*fd = s.count == 1 ? s.fd : -1;
	return s.count > 1;
}

static __always_inline int poll_wait(const __u64 args[6], __s32 *fd)
{
	__s32 first;

	if ((__u32)args[1] > 1)
		return 1;
	if ((__u32)args[1] == 1 && !bpf_probe_read_user(&first, sizeof first, (void *)args[0]))
		*fd = first;
	return 0;
}

__hidden int event_wait(struct task_struct *task, __s32 nr, const __u64 args[6], __s32 *fd, __u64 *timeout_ns)
{
	*fd = -1;
	*timeout_ns = RP_UNKNOWN_NS;
	switch (nr) {
	case NR_epoll_wait: case NR_epoll_pwait: case NR_epoll_pwait2: case NR_io_uring_enter:
		return 1;
	case NR_poll:
		if ((__s32)args[2] >= 0)
			*timeout_ns = (__u32)args[2] * 1000000ULL;
		return poll_wait(args, fd);
	case NR_ppoll:
		*timeout_ns = read_timespec(args[2], 1);
		return poll_wait(args, fd);
	case NR_select:
		*timeout_ns = read_timespec(args[4], 1000);
		return select_wait(args, fd);
	case NR_pselect6:
		*timeout_ns = read_timespec(args[4], 1);
		return select_wait(args, fd);
	}
	if (waits_on_first_argument(nr))
		*fd = args[0];
	return 0;
}

/* Where ep_poll_callback(), a static function of fs/eventpoll.c, lies; 0 = unknown. */
static volatile __u64 ep_poll_callback_address = 0;

/* Run once, before anything is attached: the kernel finds it at once, where /proc/kallsyms would have to be read. */
SEC("syscall")
int find_functions(void *ctx)
{
	static const char name[] = "ep_poll_callback";
	__u64 address = 0;
	long r = bpf_kallsyms_lookup_name(name, sizeof name, 0, &address);

	ep_poll_callback_address = r ? 0 : address;
	return r;
}

/* The epoll item behind one waiter of the socket's wait queue, or NULL. */
static __always_inline struct epitem *item_of(struct wait_queue_entry *waiter)
{
	struct eppoll_entry *entry;

	if ((__u64)BPF_CORE_READ(waiter, func) != ep_poll_callback_address)
		return NULL;
	entry = (void *)waiter - bpf_core_field_offset(struct eppoll_entry, wait);
	return BPF_CORE_READ(entry, base);
}

int epoll_state(__u64 sk)
{
	struct socket_wq *wq = BPF_CORE_READ((struct sock *)sk, sk_wq);
	struct list_head *head, *node;

	if (!wq || !ep_poll_callback_address)
		return EPOLL_UNKNOWN;
	head = &wq->wait.head;
	node = BPF_CORE_READ(head, next);
	for (int i = 0; i < 4 && node && node != head; i++) {
		struct wait_queue_entry *waiter = (void *)node - bpf_core_field_offset(struct wait_queue_entry, entry);
		struct epitem *item = item_of(waiter);

		if (item) {
			if (BPF_CORE_READ(item, event.events) & (EPOLLET | EPOLLONESHOT))
				return EPOLL_UNKNOWN;
			return BPF_CORE_READ(item, rdllink.next) == &item->rdllink ? EPOLL_TAKEN : EPOLL_QUEUED;
		}
		node = BPF_CORE_READ(node, next);
	}
	return EPOLL_UNKNOWN;
}
