/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The protocol between the two processes: what is sent arrives, what is not a message is refused, no descriptor leaks.
 *
 * links: base/protocol.c
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/protocol.h"

struct ends {
	int a, b;
};

static int open_pair(void **state)
{
	static struct ends ends;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return -1;
	ends = (struct ends){pair[0], pair[1]};
	*state = &ends;
	return 0;
}

static int close_pair(void **state)
{
	struct ends *e = *state;

	if (e->a >= 0)
		close(e->a);
	close(e->b);
	return 0;
}

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void send_raw(int sock, const void *bytes, size_t n, int fd, int copies)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 8)];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_base = (void *)bytes, .iov_len = n};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	if (copies) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * copies);
		struct cmsghdr *c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * copies);
		for (int i = 0; i < copies; i++)
			memcpy(CMSG_DATA(c) + i * sizeof fd, &fd, sizeof fd);
	}
	assert_int_equal(sendmsg(sock, &header, 0), n);
}

static void a_message_arrives_whole(void **state)
{
	struct ends *e = *state;
	struct msg sent = {.type = MSG_ASK_DEBUG, .seq = 7, .pid = 42, .start = 1ULL << 40, .build_id_len = 3, .build_id = "abc"}, got;
	int fds[MSG_FDS_MAX], n;

	assert_int_equal(msg_send(e->a, &sent, NULL, 0), 0);
	assert_int_equal(msg_receive(e->b, &got, fds, &n), 1);
	assert_int_equal(n, 0);
	assert_memory_equal(&got, &sent, sizeof got);
}

static void descriptors_travel_with_it(void **state)
{
	struct ends *e = *state;
	struct msg got;
	int fds[MSG_FDS_MAX], n, pipe_fds[2];
	char byte = 0;

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(msg_send(e->a, &(struct msg){.type = MSG_START}, pipe_fds, 2), 0);
	assert_int_equal(msg_receive(e->b, &got, fds, &n), 1);
	assert_int_equal(n, 2);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		close(pipe_fds[i]);
	}
}

static void too_many_descriptors_are_refused(void **state)
{
	struct ends *e = *state;
	int fds[MSG_FDS_MAX + 1] = {0};

	assert_int_equal(msg_send(e->a, &(struct msg){.type = MSG_START}, fds, MSG_FDS_MAX + 1), -EINVAL);
}

static void what_is_no_message_is_refused_and_leaks_nothing(void **state)
{
	struct ends *e = *state;
	struct msg bad_type = {.type = MSG_ENOUGH + 1}, zero = {0}, long_id = {.type = MSG_ASK_DEBUG, .build_id_len = MSG_BUILD_ID_MAX + 1};
	char longer[sizeof(struct msg) + 1] = {MSG_STOP};
	const struct {
		const void *bytes;
		size_t n;
	} table[] = {
		{"x", 1}, {&bad_type, sizeof bad_type}, {&zero, sizeof zero}, {&long_id, sizeof long_id}, {longer, sizeof longer}, {longer, 4},
	};
	int fds[MSG_FDS_MAX], n, before = count_descriptors();
	struct msg got = {.type = 99};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (int copies = 0; copies <= 4; copies += 2) {
			send_raw(e->a, table[i].bytes, table[i].n, 0, copies);
			assert_int_equal(msg_receive(e->b, &got, fds, &n), -EPROTO);
			assert_int_equal(got.type, 99);
			assert_int_equal(count_descriptors(), before);
		}
}

static void more_descriptors_than_allowed_are_refused(void **state)
{
	struct ends *e = *state;
	struct msg start = {.type = MSG_START}, got;
	int fds[MSG_FDS_MAX], n, before = count_descriptors();

	send_raw(e->a, &start, sizeof start, 0, MSG_FDS_MAX + 2);
	assert_int_equal(msg_receive(e->b, &got, fds, &n), -EPROTO);
	assert_int_equal(count_descriptors(), before);
}

static void the_end_of_the_peer_is_seen(void **state)
{
	struct ends *e = *state;
	int fds[MSG_FDS_MAX], n;
	struct msg got;

	assert_int_equal(msg_receive(e->b, &got, fds, &n), -EAGAIN);
	close(e->a);
	e->a = -1;
	assert_int_equal(msg_receive(e->b, &got, fds, &n), 0);
	assert_int_equal(msg_send(e->b, &(struct msg){.type = MSG_READY}, NULL, 0), -EPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_message_arrives_whole, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(descriptors_travel_with_it, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(too_many_descriptors_are_refused, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(what_is_no_message_is_refused_and_leaks_nothing, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(more_descriptors_than_allowed_are_refused, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(the_end_of_the_peer_is_seen, open_pair, close_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
