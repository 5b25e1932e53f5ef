/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/ask.h"

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
	if (msg->type == MSG_ANSWER) /* to a question that nobody waits for any more */
		return;
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

int channel_wait(struct channel *c, enum msg_type type, struct msg *ret_msg, int fds[MSG_FDS_MAX], int *ret_n_fds)
{
	while (receive(c, ret_msg, fds, ret_n_fds)) {
		if (ret_msg->type == type)
			return 1;
		close_all(fds, *ret_n_fds);
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

/* Ask, with a descriptor if fd >= 0, and wait for the answer. Its value, or −errno. */
static int ask(struct channel *c, struct msg *question, int fd, int fds[MSG_FDS_MAX], int *n_fds)
{
	struct msg answer;
	int e;

	*n_fds = 0;
	if (c->gone)
		return -EPIPE;
	question->seq = ++c->seq;
	e = msg_send(c->sock, question, &fd, fd >= 0);
	if (e)
		return e;
	while (receive(c, &answer, fds, n_fds)) {
		if (answer.type == MSG_ANSWER && answer.seq == question->seq)
			return answer.value;
		close_all(fds, *n_fds);
		keep(c, &answer);
	}
	*n_fds = 0;
	return -EPIPE;
}

/* The descriptor that answers, or −errno. */
static int ask_for_file(struct channel *c, struct msg *question)
{
	int fds[MSG_FDS_MAX], n_fds, r = ask(c, question, -1, fds, &n_fds);

	if (!r && n_fds == 1)
		return fds[0];
	close_all(fds, n_fds);
	return r < 0 ? r : -EPROTO;
}

static int hand_over(struct channel *c, struct msg *message, int fd)
{
	int fds[MSG_FDS_MAX], n_fds, r = ask(c, message, fd, fds, &n_fds);

	close_all(fds, n_fds);
	return r;
}

static int open_maps(void *ctx, int pid)
{
	return ask_for_file(ctx, &(struct msg){.type = MSG_ASK_MAPS, .pid = pid});
}

static int open_file(void *ctx, int pid, uint64_t start, uint64_t end)
{
	return ask_for_file(ctx, &(struct msg){.type = MSG_ASK_FILE, .pid = pid, .start = start, .end = end});
}

static int open_debug(void *ctx, int pid, const uint8_t *build_id, size_t len)
{
	struct msg question = {.type = MSG_ASK_DEBUG, .pid = pid, .build_id_len = len};

	if (len > sizeof question.build_id)
		return -EINVAL;
	memcpy(question.build_id, build_id, len);
	return ask_for_file(ctx, &question);
}

struct symbol_source channel_source(struct channel *c)
{
	return (struct symbol_source){.ctx = c, .open_maps = open_maps, .open_file = open_file, .open_debug = open_debug};
}

static int hand_over_rows(void *ctx, uint64_t executable, int fd)
{
	return hand_over(ctx, &(struct msg){.type = MSG_ROWS, .start = executable}, fd);
}

static int hand_over_texts(void *ctx, int pid, int fd, bool more)
{
	return hand_over(ctx, &(struct msg){.type = MSG_TEXTS, .pid = pid, .value = more}, fd);
}

struct unwinding_sink channel_sink(struct channel *c)
{
	return (struct unwinding_sink){.ctx = c, .rows = hand_over_rows, .texts = hand_over_texts};
}
