/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Against sockets of this very process, and of a network namespace of its own.
 * links: tracer/listeners.c base/alloc.c
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracer/listeners.h"

/* A listening TCP socket on a free port of the loopback. */
static int listen_on(int family, uint16_t *ret_port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bool is_four = family == AF_INET;
	socklen_t len = is_four ? sizeof four : sizeof six;
	struct sockaddr *address = is_four ? (struct sockaddr *)&four : (struct sockaddr *)&six;
	int fd = socket(family, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, address, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, address, &len), 0);
	*ret_port = ntohs(is_four ? four.sin_port : six.sin6_port);
	return fd;
}

static const struct listener *find(const struct listener *list, int n, pid_t pid, const char *address)
{
	for (int i = 0; i < n; i++)
		if (list[i].pid == pid && !strcmp(list[i].address, address))
			return &list[i];
	return NULL;
}

static void test_tcp(void **state)
{
	uint16_t port4, port6;
	int four = listen_on(AF_INET, &port4), six = listen_on(AF_INET6, &port6), again = dup(four);
	struct listener *list = NULL;
	char address[64];
	int n = listeners_find(getpid(), &list);

	(void)state;
	assert_int_equal(n, 2); /* two descriptors of one socket are one listener */
	snprintf(address, sizeof address, "127.0.0.1:%u", port4);
	assert_non_null(find(list, n, getpid(), address));
	assert_int_equal(find(list, n, getpid(), address)->port, port4);
	snprintf(address, sizeof address, "[::1]:%u", port6);
	assert_non_null(find(list, n, getpid(), address));
	assert_string_equal(list[0].comm, "test_listeners");
	free(list);
	close(four);
	close(six);
	close(again);
	list = NULL;
	assert_int_equal(listeners_find(getpid(), &list), 0);
	free(list);
}

static void test_ipv4_through_ipv6(void **state)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct sockaddr_in6 a = {.sin6_family = AF_INET6};
	struct listener *list = NULL;
	socklen_t len = sizeof a;
	char address[64];

	(void)state;
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(listeners_find(getpid(), &list), 1);
	snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(a.sin6_port));
	assert_string_equal(list[0].address, address);
	free(list);
	close(fd);
}

static void test_connections_are_not_listeners(void **state)
{
	uint16_t port;
	int server = listen_on(AF_INET, &port), client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct listener *list = NULL;

	(void)state;
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof to), 0);
	int accepted = accept(server, NULL, NULL);
	close(server);
	assert_int_equal(listeners_find(getpid(), &list), 0);
	free(list);
	close(client);
	close(accepted);
}

static void test_unix(void **state)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0reqprof test\n\033"};
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 + strlen("reqprof test\n\033");
	int stream = socket(AF_UNIX, SOCK_STREAM, 0), idle = socket(AF_UNIX, SOCK_STREAM, 0);
	struct listener *list = NULL;

	(void)state;
	assert_int_equal(bind(stream, (struct sockaddr *)&name, len), 0);
	assert_int_equal(listen(stream, 1), 0);
	assert_int_equal(listeners_find(getpid(), &list), 1);
	/* The kernel prints the newline as it is, which ends the line. */
	assert_string_equal(list[0].address, "unix:@reqprof test");
	assert_int_equal(list[0].port, 0);
	free(list);
	close(stream);
	close(idle);
}

static void test_all_processes(void **state)
{
	uint16_t port;
	int fd = listen_on(AF_INET, &port);
	pid_t child = fork();
	struct listener *list = NULL;
	char address[64];
	int n;

	(void)state;
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	n = listeners_find(0, &list);
	snprintf(address, sizeof address, "127.0.0.1:%u", port);
	assert_non_null(find(list, n, getpid(), address));
	assert_non_null(find(list, n, child, address));
	assert_int_equal(find(list, n, child, address)->inode, find(list, n, getpid(), address)->inode);
	free(list);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(fd);
}

/* Listens in a network namespace of its own (and a user namespace, so that no privilege is needed), says so, and waits. */
static void serve_elsewhere(int ready)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(80)};
	int fd, status = unshare(CLONE_NEWUSER | CLONE_NEWNET) ? errno : 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (!status && (bind(fd, (struct sockaddr *)&any, sizeof any) || listen(fd, 1)))
		status = errno;
	if (write(ready, &status, sizeof status) == sizeof status)
		pause();
	_exit(0);
}

static void test_other_namespace(void **state)
{
	struct listener *list = NULL;
	int ready[2], status = -1, n;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child)
		serve_elsewhere(ready[1]);
	assert_int_equal(read(ready[0], &status, sizeof status), sizeof status);
	assert_int_equal(status, 0);
	n = listeners_find(0, &list);
	assert_non_null(find(list, n, child, "0.0.0.0:80"));
	assert_null(find(list, n, getpid(), "0.0.0.0:80"));
	free(list);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

static void test_gone(void **state)
{
	pid_t child = fork();
	struct listener *list = NULL;

	(void)state;
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	assert_int_equal(listeners_find(child, &list), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_ipv4_through_ipv6),
		cmocka_unit_test(test_connections_are_not_listeners),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_all_processes),
		cmocka_unit_test(test_other_namespace),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
