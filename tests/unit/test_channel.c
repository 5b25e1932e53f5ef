/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tracer says to the worker: its order, what is waited for, a tracer that is gone.
 * links: capture/channel.c base/protocol.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/channel.h"

struct pair {
	struct channel channel;
	int tracer;
};

static int make(void **state)
{
	static struct pair p;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	channel_init(&p.channel, fds[0]);
	p.tracer = fds[1];
	*state = &p;
	return 0;
}

static int destroy(void **state)
{
	struct pair *p = *state;

	channel_fini(&p->channel);
	close(p->channel.sock);
	if (p->tracer >= 0)
		close(p->tracer);
	return 0;
}

static void tell(struct pair *p, const struct msg *msg, int fd)
{
	assert_int_equal(msg_send(p->tracer, msg, &fd, fd >= 0), 0);
}

static void tell_stop(struct pair *p, int why)
{
	tell(p, &(struct msg){.type = MSG_STOP, .value = why}, -1);
}

static void in_order(void **state)
{
	struct pair *p = *state;
	struct msg msg;

	tell(p, &(struct msg){.type = MSG_SNAPSHOT}, -1);
	tell_stop(p, STOP_SIGNAL);
	assert_true(channel_next(&p->channel, &msg));
	assert_int_equal(msg.type, MSG_SNAPSHOT);
	assert_true(channel_next(&p->channel, &msg));
	assert_int_equal(msg.type, MSG_STOP);
	assert_false(channel_next(&p->channel, &msg));
}

static void second_stop(void **state)
{
	struct pair *p = *state;
	struct msg msg;

	tell_stop(p, STOP_SIGNAL);
	assert_false(channel_stop_now(&p->channel));
	tell_stop(p, STOP_NOW);
	assert_true(channel_stop_now(&p->channel));
	assert_true(channel_next(&p->channel, &msg));
	assert_int_equal(msg.value, STOP_SIGNAL);
}

static void tracer_is_gone(void **state)
{
	struct pair *p = *state;
	struct msg msg;

	tell(p, &(struct msg){.type = MSG_SNAPSHOT}, -1);
	close(p->tracer);
	p->tracer = -1;
	assert_true(channel_next(&p->channel, &msg)); /* what it said last still counts */
	assert_false(channel_next(&p->channel, &msg));
	assert_true(p->channel.gone);
}

static bool take(void *ctx, const struct msg *msg)
{
	int *taken = ctx;

	*taken += msg->type == MSG_FOLLOW;
	return msg->type == MSG_FOLLOW;
}

/* What comes before it is taken at once, or kept. */
static void wait_for_start(void **state)
{
	struct pair *p = *state;
	int fds[MSG_FDS_MAX], n_fds, taken = 0, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct msg msg;

	tell(p, &(struct msg){.type = MSG_FOLLOW}, -1);
	tell(p, &(struct msg){.type = MSG_SNAPSHOT}, -1);
	tell(p, &(struct msg){.type = MSG_START, .value = START_FIFO}, null);
	assert_int_equal(channel_wait(&p->channel, MSG_START, take, &taken, &msg, fds, &n_fds), 1);
	assert_int_equal(n_fds, 1);
	assert_int_equal(msg.value, START_FIFO);
	assert_int_equal(taken, 1);
	assert_true(channel_next(&p->channel, &msg));
	assert_int_equal(msg.type, MSG_SNAPSHOT);
	close(fds[0]);
	close(null);
	tell_stop(p, STOP_FAILED);
	assert_int_equal(channel_wait(&p->channel, MSG_START, take, &taken, &msg, fds, &n_fds), 0);
	assert_true(channel_next(&p->channel, &msg));
	assert_int_equal(msg.value, STOP_FAILED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(in_order), TEST(second_stop), TEST(tracer_is_gone), TEST(wait_for_start)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
