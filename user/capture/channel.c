/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

void channel_init(struct channel *c, int sock)
{
	*c = (struct channel){.sock = sock};
}

void channel_fini(struct channel *c)
{
	free(c->queue);
}

static void close_all(int *fds, int n)
{
	while (n)
		close(fds[--n]);
}

/* One message, waited for. A peer that breaks the protocol is as good as gone. */
static bool receive(struct channel *c, struct msg *msg, int fds[MSG_FDS_MAX], int *n_fds)
{
	if (!c->gone && msg_receive(c->sock, msg, fds, n_fds) == 1)
		return true;
	c->gone = true;
	return false;
}

static void keep(struct channel *c, const struct msg *msg)
{
	GROW(c->queue, c->n, c->cap);
	c->queue[c->n++] = *msg;
}

/* Move what has arrived into the queue. */
static void collect(struct channel *c)
{
	struct pollfd fd = {.fd = c->sock, .events = POLLIN};
	int fds[MSG_FDS_MAX], n_fds;
	struct msg msg;

	while (!c->gone && poll(&fd, 1, 0) > 0 && receive(c, &msg, fds, &n_fds)) {
		close_all(fds, n_fds);
		keep(c, &msg);
	}
}

int channel_wait(struct channel *c, enum msg_type type, bool (*take)(void *ctx, const struct msg *msg), void *ctx, struct msg *ret_msg,
		 int fds[MSG_FDS_MAX], int *ret_n_fds)
{
	while (receive(c, ret_msg, fds, ret_n_fds)) {
		if (ret_msg->type == type)
			return 1;
		close_all(fds, *ret_n_fds);
		if (!take(ctx, ret_msg))
			keep(c, ret_msg);
		if (ret_msg->type == MSG_STOP)
			return 0;
	}
	return 0;
}

bool channel_next(struct channel *c, struct msg *ret_msg)
{
	collect(c);
	if (!c->n)
		return false;
	*ret_msg = c->queue[0];
	memmove(c->queue, c->queue + 1, --c->n * sizeof *c->queue);
	return true;
}

bool channel_stop_now(struct channel *c)
{
	collect(c);
	for (size_t i = 0; i < c->n; i++)
		if (c->queue[i].type == MSG_STOP && c->queue[i].value == STOP_NOW)
			return true;
	return false;
}
