/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF side finds out about descriptors, waits and epoll, asked in the kernel about this very process.
 *
 * bpf: tests/bpf/facts.bpf.c bpf/object.bpf.c bpf/address.bpf.c bpf/event_wait.bpf.c
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/types.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts.h"
#include "facts.skel.h"

static struct facts *skel;

static void run(struct bpf_program *program, struct fact_args *args)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = args, .ctx_size_in = sizeof *args);

	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(program), &o), 0);
}

static struct rp_object describe(int fd)
{
	struct fact_args args = {.fd = fd};
	struct described d;
	__u32 zero = 0;

	run(skel->progs.describe, &args);
	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(skel->maps.described), &zero, &d), 0);
	return d.object;
}

/* The path as user space will print it: components turned round. */
static char *path_of(const struct rp_object *o, char *buffer, size_t size)
{
	char *at = buffer + size - 1;
	const char *c = (const char *)o->data;

	*at = 0;
	for (const char *end = c + o->len; c < end; c += strlen(c) + 1) {
		/* innermost first: append behind what is outer, so build from the right by moving left for each outer one */
		size_t n = strlen(c);

		if (at == buffer + size - 1) {
			at -= n;
			memcpy(at, c, n);
		} else {
			at -= n + 1;
			memcpy(at, c, n);
			at[n] = '/';
		}
	}
	*--at = '/';
	return at;
}

static void files_have_their_path(void **state)
{
	char name[] = "/tmp/reqprof-facts-XXXXXX", buffer[256], real[4096];
	int fd = mkstemp(name);
	struct rp_object o;

	(void)state;
	assert_true(fd >= 0);
	assert_non_null(realpath(name, real));
	o = describe(fd);
	assert_int_equal(o.kind, RP_OBJECT_FILE);
	assert_int_equal(o.flags, 0);
	assert_string_equal(path_of(&o, buffer, sizeof buffer), real);
	unlink(name);
	close(fd);
	assert_int_equal(describe(fd).kind, RP_OBJECT_NONE);
	assert_int_equal(describe(-1).kind, RP_OBJECT_NONE);
	assert_int_equal(describe(1 << 20).kind, RP_OBJECT_NONE);
}

static void paths_cross_mounts(void **state)
{
	int fd = open("/proc/self/stat", O_RDONLY);
	struct rp_object o = describe(fd);
	char buffer[256], wanted[64];

	(void)state;
	snprintf(wanted, sizeof wanted, "/proc/%d/stat", getpid());
	assert_string_equal(path_of(&o, buffer, sizeof buffer), wanted);
	close(fd);
}

static void long_paths_are_marked_as_cut(void **state)
{
	char name[400] = "/tmp/reqprof-facts-dir-XXXXXX", component[200];
	struct rp_object o;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(name));
	memset(component, 'a', sizeof component - 1);
	component[sizeof component - 1] = 0;
	strcat(strcat(name, "/"), component);
	fd = open(name, O_CREAT | O_RDWR, 0600);
	assert_true(fd >= 0);
	o = describe(fd);
	assert_int_equal(o.kind, RP_OBJECT_FILE);
	assert_int_equal(o.flags & RP_OBJECT_CUT, RP_OBJECT_CUT);
	assert_true(o.len <= RP_OBJECT_MAX);
	unlink(name);
	*strrchr(name, '/') = 0;
	rmdir(name);
	close(fd);
}

static void other_kinds(void **state)
{
	int pipes[2], event = eventfd(0, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0), null = open("/dev/null", O_RDWR);
	struct rp_object o;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(describe(pipes[0]).kind, RP_OBJECT_PIPE);
	o = describe(event);
	assert_int_equal(o.kind, RP_OBJECT_ANON);
	assert_string_equal((char *)o.data, "[eventfd]");
	o = describe(timer);
	assert_string_equal((char *)o.data, "[timerfd]");
	assert_int_equal(describe(null).kind, RP_OBJECT_DEVICE);
	close(pipes[0]);
	close(pipes[1]);
	close(event);
	close(timer);
	close(null);
}

static void tcp_pair(int family, int pair[2], int *listener)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *a = family == AF_INET ? (void *)&v4 : (void *)&v6;
	socklen_t len = family == AF_INET ? sizeof v4 : sizeof v6;

	*listener = socket(family, SOCK_STREAM, 0);
	assert_int_equal(bind(*listener, a, len), 0);
	assert_int_equal(listen(*listener, 1), 0);
	assert_int_equal(getsockname(*listener, a, &len), 0);
	pair[0] = socket(family, SOCK_STREAM, 0);
	assert_int_equal(connect(pair[0], a, len), 0);
	pair[1] = accept(*listener, NULL, NULL);
	assert_true(pair[1] >= 0);
}

static void close_all(int pair[2], int listener)
{
	close(pair[0]);
	close(pair[1]);
	close(listener);
}

static void sockets_have_their_peer(void **state)
{
	struct sockaddr_in name;
	socklen_t len = sizeof name;
	int pair[2], listener;
	struct rp_object o;
	struct rp_addr *a = (struct rp_addr *)o.data;

	(void)state;
	tcp_pair(AF_INET, pair, &listener);
	getsockname(listener, (struct sockaddr *)&name, &len);
	o = describe(pair[0]);
	assert_int_equal(o.kind, RP_OBJECT_SOCKET);
	assert_int_equal(a->family, RP_AF_INET);
	assert_int_equal(a->port, ntohs(name.sin_port));
	assert_memory_equal(a->ip, &name.sin_addr, 4);
	o = describe(listener);
	assert_int_equal(o.flags, RP_OBJECT_LISTENING);
	assert_int_equal(a->port, ntohs(name.sin_port));
	close_all(pair, listener);
	tcp_pair(AF_INET6, pair, &listener);
	o = describe(pair[1]);
	assert_int_equal(a->family, RP_AF_INET6);
	assert_memory_equal(a->ip, &in6addr_loopback, 16);
	close_all(pair, listener);
}

static void unix_sockets_have_their_path(void **state)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0reqprof-facts"};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 14;
	struct rp_object o;
	struct rp_addr *a = (struct rp_addr *)o.data;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&name, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&name, len), 0);
	o = describe(client);
	assert_int_equal(a->family, RP_AF_UNIX);
	assert_int_equal(a->path_len, 14);
	assert_memory_equal(a->path, name.sun_path, 14);
	close(listener);
	close(client);
}

static struct fact_args wait_call(long nr, long a0, long a1, long a2, long a3, long a4)
{
	struct fact_args args = {.nr = nr, .args = {a0, a1, a2, a3, a4}};

	run(skel->progs.describe_wait_call, &args);
	return args;
}

static void polls_of_one_descriptor_are_no_event_waits(void **state)
{
	struct pollfd fds[2] = {{.fd = 7}, {.fd = 9}};
	struct timespec two = {.tv_sec = 2, .tv_nsec = 5};
	struct fact_args r;

	(void)state;
	r = wait_call(SYS_poll, (long)fds, 1, 1500, 0, 0);
	assert_int_equal(r.is_event_wait, 0);
	assert_int_equal(r.fd, 7);
	assert_int_equal(r.timeout_ns, 1500000000);
	r = wait_call(SYS_poll, (long)fds, 1, -1, 0, 0);
	assert_true(r.timeout_ns == RP_UNKNOWN_NS);
	assert_int_equal(wait_call(SYS_poll, (long)fds, 2, 0, 0, 0).is_event_wait, 1);
	r = wait_call(SYS_ppoll, (long)fds, 1, (long)&two, 0, 0);
	assert_int_equal(r.timeout_ns, 2000000005);
	r = wait_call(SYS_poll, 0, 0, 10, 0, 0);
	assert_int_equal(r.is_event_wait, 0);
	assert_int_equal(r.fd, -1);
	assert_int_equal(wait_call(SYS_epoll_wait, 3, 0, 0, 0, 0).is_event_wait, 1);
	assert_int_equal(wait_call(SYS_io_uring_enter, 3, 0, 0, 0, 0).is_event_wait, 1);
	r = wait_call(SYS_recvfrom, 11, 0, 0, 0, 0);
	assert_int_equal(r.fd, 11);
	assert_int_equal(wait_call(SYS_futex, 11, 0, 0, 0, 0).fd, -1);
}

static void selects_are_counted(void **state)
{
	struct timeval t = {.tv_sec = 1, .tv_usec = 3};
	fd_set readable, writable;
	struct fact_args r;

	(void)state;
	FD_ZERO(&readable);
	FD_ZERO(&writable);
	r = wait_call(SYS_select, 0, 0, 0, 0, (long)&t);
	assert_int_equal(r.is_event_wait, 0);
	assert_int_equal(r.fd, -1);
	assert_int_equal(r.timeout_ns, 1000003000);
	FD_SET(77, &readable);
	r = wait_call(SYS_select, 78, (long)&readable, (long)&writable, 0, 0);
	assert_int_equal(r.is_event_wait, 0);
	assert_int_equal(r.fd, 77);
	FD_SET(77, &writable); /* the same descriptor both ways is still one */
	assert_int_equal(wait_call(SYS_select, 78, (long)&readable, (long)&writable, 0, 0).is_event_wait, 0);
	FD_SET(3, &writable);
	assert_int_equal(wait_call(SYS_select, 78, (long)&readable, (long)&writable, 0, 0).is_event_wait, 1);
	/* bits at and above nfds do not count */
	assert_int_equal(wait_call(SYS_pselect6, 77, (long)&readable, (long)&writable, 0, 0).fd, 3);
}

static int epoll_of(int fd)
{
	struct fact_args args = {.fd = fd};

	run(skel->progs.describe_epoll, &args);
	return args.epoll;
}

static void epoll_tells_whether_it_was_called(void **state)
{
	int set = epoll_create1(0), pair[2], listener;
	struct epoll_event e = {.events = EPOLLIN}, got;
	char byte;

	(void)state;
	tcp_pair(AF_INET, pair, &listener);
	assert_int_equal(epoll_of(pair[1]), EPOLL_UNKNOWN);
	assert_int_equal(epoll_ctl(set, EPOLL_CTL_ADD, pair[1], &e), 0);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(write(pair[0], "x", 1), 1);
		assert_int_equal(epoll_wait(set, &got, 1, 1000), 1);
		assert_int_equal(read(pair[1], &byte, 1), 1);
		assert_int_equal(epoll_of(pair[1]), EPOLL_QUEUED); /* reported and read: nobody has asked again */
		assert_int_equal(epoll_wait(set, &got, 1, 0), 0);  /* asked, without blocking */
		assert_int_equal(epoll_of(pair[1]), EPOLL_TAKEN);
	}
	e.events = EPOLLIN | EPOLLET;
	assert_int_equal(epoll_ctl(set, EPOLL_CTL_MOD, pair[1], &e), 0);
	assert_int_equal(epoll_of(pair[1]), EPOLL_UNKNOWN);
	close_all(pair, listener);
	close(set);
}

static int open_programs(void **state)
{
	LIBBPF_OPTS(bpf_test_run_opts, none);

	(void)state;
	skel = facts__open_and_load();
	return skel ? bpf_prog_test_run_opts(bpf_program__fd(skel->progs.find_functions), &none) ?: -(int)none.retval : -1;
}

static int close_programs(void **state)
{
	(void)state;
	facts__destroy(skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_have_their_path),
		cmocka_unit_test(paths_cross_mounts),
		cmocka_unit_test(long_paths_are_marked_as_cut),
		cmocka_unit_test(other_kinds),
		cmocka_unit_test(sockets_have_their_peer),
		cmocka_unit_test(unix_sockets_have_their_path),
		cmocka_unit_test(polls_of_one_descriptor_are_no_event_waits),
		cmocka_unit_test(selects_are_counted),
		cmocka_unit_test(epoll_tells_whether_it_was_called),
	};

	return cmocka_run_group_tests(tests, open_programs, close_programs);
}
