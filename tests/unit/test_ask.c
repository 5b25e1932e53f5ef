/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions to the tracer: answers, what is said in between, a tracer that is gone.
 * links: capture/ask.c base/protocol.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/ask.h"

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

static void answered(void **state)
{
	struct pair *p = *state;
	struct symbol_source source = channel_source(&p->channel);
	int fds[MSG_FDS_MAX], n_fds, null = open("/dev/null", O_RDONLY | O_CLOEXEC), fd;
	struct msg msg;

	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 1}, null);
	fd = source.open_file(source.ctx, 42, 0x1000, 0x2000);
	assert_true(fd >= 0 && fd != null);
	assert_int_equal(msg_receive(p->tracer, &msg, fds, &n_fds), 1);
	assert_int_equal(msg.type, MSG_ASK_FILE);
	assert_int_equal(msg.pid, 42);
	assert_true(msg.start == 0x1000 && msg.end == 0x2000);
	close(fd);
	close(null);
}

static void refused(void **state)
{
	struct pair *p = *state;
	struct symbol_source source = channel_source(&p->channel);

	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 1, .value = -ESRCH}, -1);
	assert_int_equal(source.open_maps(source.ctx, 42), -ESRCH);
	/* "Yes" without a descriptor is no answer. */
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 2}, -1);
	assert_int_equal(source.open_maps(source.ctx, 42), -EPROTO);
}

static void debug_file(void **state)
{
	struct pair *p = *state;
	struct symbol_source source = channel_source(&p->channel);
	static const uint8_t id[MSG_BUILD_ID_MAX + 1] = {1, 2, 3};
	int fds[MSG_FDS_MAX], n_fds;
	struct msg msg;

	assert_int_equal(source.open_debug(source.ctx, 42, id, sizeof id), -EINVAL);
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 1, .value = -ENOENT}, -1);
	assert_int_equal(source.open_debug(source.ctx, 42, id, 20), -ENOENT);
	assert_int_equal(msg_receive(p->tracer, &msg, fds, &n_fds), 1);
	assert_int_equal(msg.type, MSG_ASK_DEBUG);
	assert_int_equal(msg.build_id_len, 20);
	assert_memory_equal(msg.build_id, id, 20);
}

/* What comes between a question and its answer waits in its order; a stale answer does not. */
static void said_meanwhile(void **state)
{
	struct pair *p = *state;
	struct symbol_source source = channel_source(&p->channel);
	struct msg msg;

	tell(p, &(struct msg){.type = MSG_SNAPSHOT}, -1);
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 99, .value = -EIO}, -1);
	tell_stop(p, STOP_SIGNAL);
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 1, .value = -ESRCH}, -1);
	assert_int_equal(source.open_maps(source.ctx, 42), -ESRCH);
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
	struct symbol_source source = channel_source(&p->channel);
	struct msg msg;

	tell(p, &(struct msg){.type = MSG_SNAPSHOT}, -1);
	close(p->tracer);
	p->tracer = -1;
	assert_true(source.open_maps(source.ctx, 42) < 0);
	assert_true(channel_next(&p->channel, &msg)); /* what it said last still counts */
	assert_false(channel_next(&p->channel, &msg));
	assert_true(p->channel.gone);
	assert_int_equal(source.open_maps(source.ctx, 42), -EPIPE);
}

static void wait_for_start(void **state)
{
	struct pair *p = *state;
	int fds[MSG_FDS_MAX], n_fds, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct msg msg;

	tell(p, &(struct msg){.type = MSG_START, .value = START_FIFO}, null);
	assert_int_equal(channel_wait(&p->channel, MSG_START, &msg, fds, &n_fds), 1);
	assert_int_equal(n_fds, 1);
	assert_int_equal(msg.value, START_FIFO);
	close(fds[0]);
	close(null);
	tell_stop(p, STOP_FAILED);
	assert_int_equal(channel_wait(&p->channel, MSG_START, &msg, fds, &n_fds), 0);
	assert_true(channel_next(&p->channel, &msg));
	assert_int_equal(msg.value, STOP_FAILED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answered), TEST(refused), TEST(debug_file), TEST(said_meanwhile), TEST(second_stop), TEST(tracer_is_gone),
		TEST(wait_for_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
