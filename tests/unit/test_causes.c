/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Causes of waits, row by row.
 * links: capture/causes.c capture/address.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "capture/causes.h"

#define MS 1000000ULL
#define SYS RP_WAIT_SYSCALL
#define SLEEPING 1
#define BLOCKED 2

static struct rp_object file(const char *components, size_t n, int flags)
{
	struct rp_object o = {.kind = RP_OBJECT_FILE, .flags = flags, .len = n, .fd = 3};

	memcpy(o.data, components, n);
	return o;
}
#define FILE_OBJECT file("x.db\0lib\0var", 13, 0)
#define DEEP_OBJECT file("x.db\0lib", 9, RP_OBJECT_CUT)

static struct rp_object device(void)
{
	struct rp_object o = file("0\0pts\0dev", 10, 0);

	o.kind = RP_OBJECT_DEVICE;
	return o;
}

static struct rp_object anonymous(const char *name)
{
	struct rp_object o = {.kind = RP_OBJECT_ANON, .len = strlen(name) + 1, .fd = 3};

	memcpy(o.data, name, o.len);
	return o;
}

static struct rp_object peer(void)
{
	struct rp_addr a = {.family = RP_AF_INET, .port = 5432, .ip = {127, 0, 0, 1}};
	struct rp_object o = {.kind = RP_OBJECT_SOCKET, .len = sizeof a, .fd = 3};

	memcpy(o.data, &a, sizeof a);
	return o;
}

static struct rp_object unix_peer(void)
{
	struct rp_addr a = {.family = RP_AF_UNIX, .path_len = 9, .path = "/run/x.sk"};
	struct rp_object o = {.kind = RP_OBJECT_SOCKET, .len = sizeof a, .fd = 3};

	memcpy(o.data, &a, sizeof a);
	return o;
}

static struct rp_object pipe_end(void)
{
	struct rp_object o = {.kind = RP_OBJECT_PIPE, .len = 8, .fd = 3};

	memcpy(o.data, &(uint64_t){77}, 8);
	return o;
}

static struct rp_object none(void)
{
	return (struct rp_object){.fd = -1};
}

struct row {
	const char *name;
	int flags, state, nr;
	uint64_t args[6];
	struct rp_object object;
	uint64_t timeout_ns, waited_ns; /* timeout 0 = none; waited 0 = no wake-up seen */
	enum time_class cause;
	const char *shown;
};

static void check(const struct row *row)
{
	struct rp_wait w = {
		.h.flags = row->flags, .out_ns = 1000, .woken_ns = row->waited_ns ? 1000 + row->waited_ns : 0,
		.nr = row->nr, .state = row->state,
		.timeout_ns = row->timeout_ns ? row->timeout_ns : RP_UNKNOWN_NS, .object = row->object,
	};
	struct wait_cause got;

	memcpy(w.args, row->args, sizeof w.args);
	wait_cause(&w, &got);
	if (got.cause != row->cause || strcmp(got.object, row->shown))
		fail_msg("%s: class %d object '%s', expected class %d object '%s'", row->name, got.cause, got.object, row->cause,
			 row->shown);
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&rows[i]);
}

static void scheduler(void **state)
{
	const struct row rows[] = {
		{"preempted", SYS | RP_WAIT_PREEMPTED, 0, SYS_read, {3}, peer(), 0, 0, TIME_run_queue, ""},
		{"quota", RP_WAIT_PREEMPTED | RP_WAIT_THROTTLED, 0, -1, {0}, none(), 0, 0, TIME_throttled, ""},
		{"new", RP_WAIT_PREEMPTED | RP_WAIT_NEW, 0, 0, {0}, none(), 0, 0, TIME_run_queue, ""},
		{"SIGSTOP", SYS, 4 | 0x100, SYS_read, {3}, peer(), 0, 5, TIME_stopped, ""},
		{"ptrace", 0, 8, -1, {0}, none(), 0, 5, TIME_stopped, ""},
		{"frozen", SYS, 0x8000, SYS_read, {3}, peer(), 0, 5, TIME_stopped, ""},
		{"exit", SYS | RP_WAIT_EXITING, BLOCKED, SYS_exit_group, {0}, none(), 0, 5, TIME_other_wait, "exit"},
		{"fault", 0, BLOCKED, -1, {0}, none(), 0, 5, TIME_page_fault, ""},
		{"fault from disk", RP_WAIT_IOWAIT, BLOCKED, -1, {0}, none(), 0, 5, TIME_page_fault, ""},
		{"mmap lock", SYS, BLOCKED, SYS_mmap, {0}, none(), 0, 5, TIME_other_wait, ""},
		{"unknown number", SYS, SLEEPING, 100000, {0}, none(), 0, 5, TIME_other_wait, ""},
		{"negative number", SYS, SLEEPING, -7, {0}, none(), 0, 5, TIME_other_wait, ""},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void sockets(void **state)
{
	const struct row rows[] = {
		{"recv", SYS, SLEEPING, SYS_recvfrom, {3}, peer(), 0, 5, TIME_network, "127.0.0.1:5432"},
		{"read socket", SYS, SLEEPING, SYS_read, {3}, peer(), 0, 5, TIME_network, "127.0.0.1:5432"},
		{"write socket", SYS, SLEEPING, SYS_write, {3}, unix_peer(), 0, 5, TIME_network, "unix:/run/x.sk"},
		{"sendmsg", SYS, SLEEPING, SYS_sendmsg, {3}, peer(), 0, 5, TIME_network, "127.0.0.1:5432"},
		{"connect", SYS, SLEEPING, SYS_connect, {3}, peer(), 0, 5, TIME_network, "127.0.0.1:5432"},
		{"accept", SYS, SLEEPING, SYS_accept4, {3}, peer(), 0, 5, TIME_network, "127.0.0.1:5432"},
		{"sendfile to socket", SYS, SLEEPING, SYS_sendfile, {3}, peer(), 0, 5, TIME_network, "127.0.0.1:5432"},
		{"sendfile from disk", SYS | RP_WAIT_IOWAIT, BLOCKED, SYS_sendfile, {3}, peer(), 0, 5, TIME_disk, ""},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void files(void **state)
{
	const struct row rows[] = {
		{"read file", SYS | RP_WAIT_IOWAIT, BLOCKED, SYS_pread64, {3}, FILE_OBJECT, 0, 5, TIME_disk, "/var/lib/x.db"},
		{"read file, path cut", SYS, BLOCKED, SYS_read, {3}, DEEP_OBJECT, 0, 5, TIME_disk, "…/lib/x.db"},
		{"root directory", SYS, BLOCKED, SYS_getdents64, {3}, file("", 0, 0), 0, 5, TIME_disk, "/"},
		{"fsync without iowait", SYS, BLOCKED, SYS_fsync, {3}, FILE_OBJECT, 0, 5, TIME_disk, "/var/lib/x.db"},
		{"sync", SYS, BLOCKED, SYS_sync, {0}, none(), 0, 5, TIME_disk, ""},
		{"open from disk", SYS | RP_WAIT_IOWAIT, BLOCKED, SYS_openat, {0}, none(), 0, 5, TIME_disk, ""},
		{"rename", SYS, BLOCKED, SYS_rename, {0}, none(), 0, 5, TIME_disk, ""},
		{"open a FIFO", SYS, SLEEPING, SYS_openat, {0}, none(), 0, 5, TIME_other_wait, ""},
		{"tty", SYS, SLEEPING, SYS_read, {3}, device(), 0, 5, TIME_other_wait, "/dev/pts/0"},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void locks(void **state)
{
	const struct row rows[] = {
		{"futex", SYS, SLEEPING, SYS_futex, {0x7f00beef}, none(), 0, 5, TIME_lock, "futex 0x7f00beef"},
		{"futex_waitv", SYS, SLEEPING, 449, {0x7f00beef}, none(), 0, 5, TIME_lock, "one of several futexes"},
		{"flock", SYS, SLEEPING, SYS_flock, {3}, FILE_OBJECT, 0, 5, TIME_lock, "/var/lib/x.db"},
		{"F_SETLKW", SYS, SLEEPING, SYS_fcntl, {3, F_SETLKW}, FILE_OBJECT, 0, 5, TIME_lock, "/var/lib/x.db"},
		{"F_OFD_SETLKW", SYS, SLEEPING, SYS_fcntl, {3, F_OFD_SETLKW}, FILE_OBJECT, 0, 5, TIME_lock, "/var/lib/x.db"},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void sleeps_and_ipc(void **state)
{
	const struct row rows[] = {
		{"nanosleep", SYS, SLEEPING, SYS_nanosleep, {0}, none(), 0, 5, TIME_sleep, ""},
		{"clock_nanosleep", SYS, SLEEPING, SYS_clock_nanosleep, {0}, none(), 0, 5, TIME_sleep, ""},
		{"timerfd", SYS, SLEEPING, SYS_read, {3}, anonymous("[timerfd]"), 0, 5, TIME_sleep, "timerfd"},
		{"eventfd", SYS, SLEEPING, SYS_read, {3}, anonymous("[eventfd]"), 0, 5, TIME_ipc, "eventfd"},
		{"signalfd", SYS, SLEEPING, SYS_read, {3}, anonymous("[signalfd]"), 0, 5, TIME_ipc, "signalfd"},
		{"inotify", SYS, SLEEPING, SYS_read, {3}, anonymous("inotify"), 0, 5, TIME_ipc, "inotify"},
		{"new kind", SYS, SLEEPING, SYS_read, {3}, anonymous("[new]"), 0, 5, TIME_other_wait, "[new]"},
		{"pipe", SYS, SLEEPING, SYS_read, {3}, pipe_end(), 0, 5, TIME_ipc, "pipe:[77]"},
		{"pause", SYS, SLEEPING, SYS_pause, {0}, none(), 0, 5, TIME_ipc, ""},
		{"sigtimedwait", SYS, SLEEPING, SYS_rt_sigtimedwait, {0}, none(), 0, 5, TIME_ipc, ""},
		{"sigsuspend", SYS, SLEEPING, SYS_rt_sigsuspend, {0}, none(), 0, 5, TIME_ipc, ""},
		{"msgrcv", SYS, SLEEPING, SYS_msgrcv, {0}, none(), 0, 5, TIME_ipc, ""},
		{"semop", SYS, SLEEPING, SYS_semop, {0}, none(), 0, 5, TIME_ipc, ""},
		{"wait4", SYS, SLEEPING, SYS_wait4, {0}, none(), 0, 5, TIME_child, ""},
		{"waitid", SYS, SLEEPING, SYS_waitid, {0}, none(), 0, 5, TIME_child, ""},
		{"vfork", SYS, BLOCKED, SYS_clone, {CLONE_VFORK | CLONE_VM}, none(), 0, 5, TIME_child, ""},
		{"clone", SYS, BLOCKED, SYS_clone, {CLONE_VM}, none(), 0, 5, TIME_other_wait, ""},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void polls(void **state)
{
	const struct row rows[] = {
		{"poll one socket", SYS, SLEEPING, SYS_poll, {1, 1, 1000}, peer(), 1000 * MS, 5 * MS, TIME_network, "127.0.0.1:5432"},
		{"poll without timeout", SYS, SLEEPING, SYS_poll, {1, 1, -1}, peer(), 0, 5 * MS, TIME_network, "127.0.0.1:5432"},
		{"poll timed out", SYS, SLEEPING, SYS_poll, {1, 1, 20}, peer(), 20 * MS, 20 * MS, TIME_sleep, ""},
		{"poll timed out a bit early", SYS, SLEEPING, SYS_poll, {1, 1, 20}, peer(), 20 * MS, 20 * MS - 3000, TIME_sleep, ""},
		{"poll still open", SYS | RP_WAIT_OPEN, SLEEPING, SYS_poll, {1, 1, 20}, peer(), 20 * MS, 0, TIME_network, "127.0.0.1:5432"},
		{"poll nothing", SYS, SLEEPING, SYS_poll, {0, 0, 1000}, none(), 1000 * MS, 5 * MS, TIME_sleep, ""},
		{"poll a pipe", SYS, SLEEPING, SYS_ppoll, {1, 1}, pipe_end(), 0, 5 * MS, TIME_ipc, "pipe:[77]"},
		{"poll /proc", SYS, SLEEPING, SYS_poll, {1, 1}, FILE_OBJECT, 0, 5 * MS, TIME_other_wait, "/var/lib/x.db"},
		{"select as sleep", SYS, SLEEPING, SYS_select, {0}, none(), 20 * MS, 5 * MS, TIME_sleep, ""},
		{"select one", SYS, SLEEPING, SYS_pselect6, {4, 1}, peer(), 0, 5 * MS, TIME_network, "127.0.0.1:5432"},
		{"select unknown", SYS, SLEEPING, SYS_select, {4, 1}, none(), 0, 5 * MS, TIME_other_wait, ""},
		{"epoll", SYS, SLEEPING, SYS_epoll_wait, {3}, none(), 0, 5, TIME_other_wait, ""},
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void runnable_class(void **state)
{
	struct rp_wait w = {.h.flags = SYS | RP_WAIT_THROTTLED, .state = SLEEPING, .nr = SYS_nanosleep, .timeout_ns = RP_UNKNOWN_NS};
	struct wait_cause c;

	(void)state;
	wait_cause(&w, &c);
	assert_int_equal(c.cause, TIME_sleep);
	assert_int_equal(c.runnable, TIME_throttled);
	w.h.flags = SYS;
	wait_cause(&w, &c);
	assert_int_equal(c.runnable, TIME_run_queue);
}

static void futex_address(void **state)
{
	struct rp_wait w = {.h.flags = SYS, .state = SLEEPING, .nr = SYS_futex, .args = {0x1234}, .timeout_ns = RP_UNKNOWN_NS};
	struct wait_cause c;

	(void)state;
	wait_cause(&w, &c);
	assert_true(c.futex == 0x1234);
	w.nr = SYS_read;
	wait_cause(&w, &c);
	assert_true(c.futex == 0);
}

/* Lengths that an event cannot have must not be read beyond; a path as long as fits must fit the text. */
static void object_limits(void **state)
{
	struct rp_wait w = {.h.flags = SYS, .state = SLEEPING, .nr = SYS_read, .timeout_ns = RP_UNKNOWN_NS};
	struct wait_cause c;

	(void)state;
	memset(w.object.data, 'x', sizeof w.object.data);
	w.object.len = 0xffff;
	for (int kind = 0; kind < 8; kind++) {
		w.object.kind = kind;
		w.object.flags = RP_OBJECT_CUT;
		wait_cause(&w, &c);
		assert_true(strlen(c.object) < sizeof c.object);
	}
	memset(w.object.data, 0, sizeof w.object.data);
	w.object.kind = RP_OBJECT_FILE;
	wait_cause(&w, &c);
	assert_int_equal(strlen(c.object), RP_OBJECT_MAX + strlen("…"));
	w.object.kind = RP_OBJECT_SOCKET;
	w.object.len = 3;
	wait_cause(&w, &c);
	assert_string_equal(c.object, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scheduler),
		cmocka_unit_test(sockets),
		cmocka_unit_test(files),
		cmocka_unit_test(locks),
		cmocka_unit_test(sleeps_and_ipc),
		cmocka_unit_test(polls),
		cmocka_unit_test(runnable_class),
		cmocka_unit_test(futex_address),
		cmocka_unit_test(object_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
