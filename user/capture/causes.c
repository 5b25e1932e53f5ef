/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/causes.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "capture/address.h"

/* Task states, include/linux/sched.h */
#define STATE_UNINTERRUPTIBLE 0x2
#define STATE_STOPPED 0x4
#define STATE_TRACED 0x8
#define STATE_FROZEN 0x8000

/* poll and select add a slack to their timeout, but the clock starts some microseconds before the thread leaves the CPU. */
#define TIMEOUT_TOLERANCE_NS 50000

/* Newer than the oldest headers that this is built with. */
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef SYS_futex_wait
#define SYS_futex_wait 455
#endif

/* What a system call can wait for. */
enum call_kind {
	CALL_OTHER,     /* nothing that the number tells */
	CALL_FD,        /* its descriptor */
	CALL_POLL,      /* one descriptor, or a timeout */
	CALL_SELECT,
	CALL_EVENTS,    /* one of many */
	CALL_FUTEX,
	CALL_FLOCK,
	CALL_FCNTL,
	CALL_SLEEP,
	CALL_IPC,
	CALL_CHILD,
	CALL_CLONE,
	CALL_DISK,
	CALL_NAMES,     /* directory operations: the file system's own waits are uninterruptible, but not all of them count as I/O */
};

static const unsigned char call_kinds[] = {
	[SYS_read] = CALL_FD, [SYS_write] = CALL_FD, [SYS_pread64] = CALL_FD, [SYS_pwrite64] = CALL_FD,
	[SYS_readv] = CALL_FD, [SYS_writev] = CALL_FD, [SYS_preadv] = CALL_FD, [SYS_pwritev] = CALL_FD,
	[SYS_preadv2] = CALL_FD, [SYS_pwritev2] = CALL_FD, [SYS_sendfile] = CALL_FD, [SYS_splice] = CALL_FD,
	[SYS_copy_file_range] = CALL_FD, [SYS_close] = CALL_FD, [SYS_ioctl] = CALL_FD, [SYS_getdents] = CALL_FD,
	[SYS_getdents64] = CALL_FD, [SYS_ftruncate] = CALL_FD, [SYS_fallocate] = CALL_FD,
	[SYS_connect] = CALL_FD, [SYS_accept] = CALL_FD, [SYS_accept4] = CALL_FD, [SYS_sendto] = CALL_FD, [SYS_recvfrom] = CALL_FD,
	[SYS_sendmsg] = CALL_FD, [SYS_recvmsg] = CALL_FD, [SYS_sendmmsg] = CALL_FD, [SYS_recvmmsg] = CALL_FD,
	[SYS_poll] = CALL_POLL, [SYS_ppoll] = CALL_POLL, [SYS_select] = CALL_SELECT, [SYS_pselect6] = CALL_SELECT,
	[SYS_epoll_wait] = CALL_EVENTS, [SYS_epoll_pwait] = CALL_EVENTS, [SYS_epoll_pwait2] = CALL_EVENTS,
	[SYS_io_uring_enter] = CALL_EVENTS,
	[SYS_futex] = CALL_FUTEX, [SYS_futex_waitv] = CALL_FUTEX, [SYS_futex_wait] = CALL_FUTEX,
	[SYS_flock] = CALL_FLOCK, [SYS_fcntl] = CALL_FCNTL,
	[SYS_nanosleep] = CALL_SLEEP, [SYS_clock_nanosleep] = CALL_SLEEP,
	[SYS_pause] = CALL_IPC, [SYS_rt_sigtimedwait] = CALL_IPC, [SYS_rt_sigsuspend] = CALL_IPC, [SYS_msgsnd] = CALL_IPC,
	[SYS_msgrcv] = CALL_IPC, [SYS_semop] = CALL_IPC, [SYS_semtimedop] = CALL_IPC, [SYS_mq_timedsend] = CALL_IPC,
	[SYS_mq_timedreceive] = CALL_IPC,
	[SYS_wait4] = CALL_CHILD, [SYS_waitid] = CALL_CHILD, [SYS_vfork] = CALL_CHILD, [SYS_clone3] = CALL_CHILD, [SYS_clone] = CALL_CLONE,
	[SYS_fsync] = CALL_DISK, [SYS_fdatasync] = CALL_DISK, [SYS_sync] = CALL_DISK, [SYS_syncfs] = CALL_DISK,
	[SYS_sync_file_range] = CALL_DISK, [SYS_msync] = CALL_DISK, [SYS_readahead] = CALL_DISK, [SYS_io_getevents] = CALL_DISK,
	[SYS_open] = CALL_NAMES, [SYS_openat] = CALL_NAMES, [SYS_openat2] = CALL_NAMES, [SYS_creat] = CALL_NAMES, [SYS_stat] = CALL_NAMES,
	[SYS_lstat] = CALL_NAMES, [SYS_newfstatat] = CALL_NAMES, [SYS_statx] = CALL_NAMES, [SYS_access] = CALL_NAMES,
	[SYS_faccessat] = CALL_NAMES, [SYS_faccessat2] = CALL_NAMES, [SYS_rename] = CALL_NAMES, [SYS_renameat] = CALL_NAMES,
	[SYS_renameat2] = CALL_NAMES, [SYS_unlink] = CALL_NAMES, [SYS_unlinkat] = CALL_NAMES, [SYS_mkdir] = CALL_NAMES,
	[SYS_mkdirat] = CALL_NAMES, [SYS_rmdir] = CALL_NAMES, [SYS_link] = CALL_NAMES, [SYS_linkat] = CALL_NAMES,
	[SYS_symlink] = CALL_NAMES, [SYS_symlinkat] = CALL_NAMES, [SYS_truncate] = CALL_NAMES, [SYS_readlink] = CALL_NAMES,
	[SYS_readlinkat] = CALL_NAMES,
};

/* Anonymous files by the kernel's name; what is not here is an other wait with that name. */
static const struct {
	const char *name, *shown;
	enum time_class cause;
} anonymous[] = {
	{"[eventfd]", "eventfd", TIME_ipc},
	{"[signalfd]", "signalfd", TIME_ipc},
	{"inotify", "inotify", TIME_ipc},
	{"[fanotify]", "fanotify", TIME_ipc},
	{"[timerfd]", "timerfd", TIME_sleep},
	{"[pidfd]", "pidfd", TIME_child},
	{"[eventpoll]", "epoll", TIME_other_wait},
	{"[io_uring]", "io_uring", TIME_other_wait},
};

static enum call_kind call_kind(const struct rp_wait *w)
{
	return w->nr >= 0 && (size_t)w->nr < ARRAY_LEN(call_kinds) ? call_kinds[w->nr] : CALL_OTHER;
}

static size_t object_len(const struct rp_object *o)
{
	return o->len < sizeof o->data ? o->len : sizeof o->data;
}

/* Components come innermost first, each ended by NUL: "b\0a\0" is /a/b. */
static void path_text(const struct rp_object *o, char *text)
{
	const char *data = (const char *)o->data;
	size_t end = object_len(o);
	char *out = text;

	if (o->flags & RP_OBJECT_CUT)
		out = stpcpy(out, "…");
	while (end) {
		size_t stop = data[end - 1] ? end : end - 1, start = stop;

		while (start && data[start - 1])
			start--;
		*out++ = '/';
		out = mempcpy(out, data + start, stop - start);
		end = start;
	}
	if (out == text)
		*out++ = '/';
	*out = '\0';
}

static void socket_text(const struct rp_object *o, char *text)
{
	struct rp_addr a;

	if (object_len(o) < sizeof a)
		return;
	memcpy(&a, o->data, sizeof a);
	address_text(&a, text);
}

static void pipe_text(const struct rp_object *o, char *text)
{
	uint64_t inode;

	if (object_len(o) < sizeof inode)
		return;
	memcpy(&inode, o->data, sizeof inode);
	snprintf(text, CAUSE_OBJECT_MAX, "pipe:[%llu]", (unsigned long long)inode);
}

static void anonymous_cause(const struct rp_object *o, struct wait_cause *ret)
{
	size_t n = strnlen((const char *)o->data, object_len(o));

	snprintf(ret->object, sizeof ret->object, "%.*s", (int)n, (const char *)o->data);
	for (size_t i = 0; i < ARRAY_LEN(anonymous); i++) {
		if (strcmp(ret->object, anonymous[i].name))
			continue;
		snprintf(ret->object, sizeof ret->object, "%s", anonymous[i].shown);
		ret->cause = anonymous[i].cause;
	}
}

/* The class of waiting on what a descriptor was, and its name. */
static void object_cause(const struct rp_object *o, struct wait_cause *ret)
{
	switch (o->kind) {
	case RP_OBJECT_SOCKET:
		ret->cause = TIME_network;
		socket_text(o, ret->object);
		break;
	case RP_OBJECT_FILE:
		ret->cause = TIME_disk;
		path_text(o, ret->object);
		break;
	case RP_OBJECT_PIPE:
		ret->cause = TIME_ipc;
		pipe_text(o, ret->object);
		break;
	case RP_OBJECT_ANON:
		anonymous_cause(o, ret);
		break;
	case RP_OBJECT_DEVICE:
		path_text(o, ret->object);
		break;
	}
}

static void file_cause(const struct rp_object *o, enum time_class cause, struct wait_cause *ret)
{
	ret->cause = cause;
	if (o->kind == RP_OBJECT_FILE)
		path_text(o, ret->object);
}

static bool timed_out(const struct rp_wait *w)
{
	return w->timeout_ns != RP_UNKNOWN_NS && w->woken_ns > w->out_ns && w->woken_ns - w->out_ns + TIMEOUT_TOLERANCE_NS >= w->timeout_ns;
}

/* Are there no descriptors at all, so that only the timeout or a signal can end it? */
static bool waits_for_nothing(const struct rp_wait *w)
{
	if (call_kind(w) == CALL_POLL)
		return !(uint32_t)w->args[1];
	return !w->args[0] || !(w->args[1] | w->args[2] | w->args[3]);
}

static void poll_cause(const struct rp_wait *w, struct wait_cause *ret)
{
	if (timed_out(w) || waits_for_nothing(w)) {
		ret->cause = TIME_sleep;
		return;
	}
	object_cause(&w->object, ret);
	if (ret->cause == TIME_disk) /* a file that can be polled is one of /proc or /sys, not on a disk */
		ret->cause = TIME_other_wait;
}

static void futex_cause(const struct rp_wait *w, struct wait_cause *ret)
{
	ret->cause = TIME_lock;
	if (w->nr == SYS_futex_waitv) { /* args[0] is the list of them */
		snprintf(ret->object, sizeof ret->object, "one of several futexes");
		return;
	}
	ret->futex = w->args[0];
	snprintf(ret->object, sizeof ret->object, "futex 0x%llx", (unsigned long long)w->args[0]);
}

static void fcntl_cause(const struct rp_wait *w, struct wait_cause *ret)
{
	if (w->args[1] == F_SETLKW || w->args[1] == F_OFD_SETLKW)
		file_cause(&w->object, TIME_lock, ret);
	else
		object_cause(&w->object, ret);
}

static void call_cause(const struct rp_wait *w, struct wait_cause *ret)
{
	switch (call_kind(w)) {
	case CALL_OTHER:
	case CALL_EVENTS:
		break;
	case CALL_FD:
		object_cause(&w->object, ret);
		break;
	case CALL_POLL:
	case CALL_SELECT:
		poll_cause(w, ret);
		break;
	case CALL_FUTEX:
		futex_cause(w, ret);
		break;
	case CALL_FLOCK:
		file_cause(&w->object, TIME_lock, ret);
		break;
	case CALL_FCNTL:
		fcntl_cause(w, ret);
		break;
	case CALL_SLEEP:
		ret->cause = TIME_sleep;
		break;
	case CALL_IPC:
		ret->cause = TIME_ipc;
		break;
	case CALL_CLONE:
		ret->cause = w->args[0] & CLONE_VFORK ? TIME_child : TIME_other_wait;
		break;
	case CALL_CHILD:
		ret->cause = TIME_child;
		break;
	case CALL_DISK:
		file_cause(&w->object, TIME_disk, ret);
		break;
	case CALL_NAMES:
		ret->cause = w->state & STATE_UNINTERRUPTIBLE ? TIME_disk : TIME_other_wait;
		break;
	}
}

void wait_cause(const struct rp_wait *w, struct wait_cause *ret)
{
	*ret = (struct wait_cause){.cause = TIME_other_wait};
	ret->runnable = w->h.flags & RP_WAIT_THROTTLED ? TIME_throttled : TIME_run_queue;
	if (w->h.flags & (RP_WAIT_PREEMPTED | RP_WAIT_NEW))
		ret->cause = ret->runnable;
	else if (w->state & (STATE_STOPPED | STATE_TRACED | STATE_FROZEN))
		ret->cause = TIME_stopped;
	else if (w->h.flags & RP_WAIT_GIL)
		ret->cause = TIME_gil;
	else if (w->h.flags & RP_WAIT_EXITING)
		snprintf(ret->object, sizeof ret->object, "exit");
	else if (!(w->h.flags & RP_WAIT_SYSCALL))
		ret->cause = TIME_page_fault;
	else if (w->h.flags & RP_WAIT_IOWAIT)
		file_cause(&w->object, TIME_disk, ret);
	else
		call_cause(w, ret);
}
