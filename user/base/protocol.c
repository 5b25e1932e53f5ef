/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int msg_send(int sock, const struct msg *msg, const int *fds, int n_fds)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * MSG_FDS_MAX)];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_base = (void *)msg, .iov_len = sizeof *msg};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n_fds < 0 || n_fds > MSG_FDS_MAX)
		return -EINVAL;
	if (n_fds) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	for (;;) {
		if (sendmsg(sock, &header, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

static int take_fds(struct msghdr *header, int fds[MSG_FDS_MAX])
{
	int n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
			if (n < MSG_FDS_MAX)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

int msg_receive(int sock, struct msg *ret_msg, int fds[MSG_FDS_MAX], int *ret_n_fds)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * MSG_FDS_MAX)];
		struct cmsghdr align;
	} control;
	struct msg msg;
	struct iovec iov = {.iov_base = &msg, .iov_len = sizeof msg};
	struct msghdr header = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes,
	};
	ssize_t n;

	do
		n = recvmsg(sock, &header, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	int n_fds = take_fds(&header, fds);
	if (n == 0 && n_fds == 0)
		return 0;
	if (n != sizeof msg || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || msg.type < MSG_START || msg.type > MSG_ENOUGH ||
	    msg.build_id_len > MSG_BUILD_ID_MAX || !memchr(msg.name, 0, sizeof msg.name)) {
		while (n_fds)
			close(fds[--n_fds]);
		return -EPROTO;
	}
	*ret_msg = msg;
	*ret_n_fds = n_fds;
	return 1;
}
