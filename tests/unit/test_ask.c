/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions to the tracer: answers, stale ones, a tracer that is gone.
 * links: capture/ask.c base/protocol.c base/sealed.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/protocol.h"
#include "capture/ask.h"

struct pair {
	struct asker asker;
	int tracer;
};

static int make(void **state)
{
	static struct pair p;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	asker_init(&p.asker, fds[0], 0);
	p.tracer = fds[1];
	*state = &p;
	return 0;
}

static int destroy(void **state)
{
	struct pair *p = *state;

	close(p->asker.sock);
	if (p->tracer >= 0)
		close(p->tracer);
	return 0;
}

static void tell(struct pair *p, const struct msg *msg, int fd)
{
	assert_int_equal(msg_send(p->tracer, msg, &fd, fd >= 0), 0);
}

static void answered(void **state)
{
	struct pair *p = *state;
	struct symbol_source source = asker_source(&p->asker, NULL);
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
	struct symbol_source source = asker_source(&p->asker, NULL);

	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 1, .value = -ESRCH}, -1);
	assert_int_equal(source.open_maps(source.ctx, 42), -ESRCH);
	/* "Yes" without a descriptor is no answer. */
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 2}, -1);
	assert_int_equal(source.open_maps(source.ctx, 42), -EPROTO);
}

static void debug_file(void **state)
{
	struct pair *p = *state;
	struct symbol_source source = asker_source(&p->asker, NULL);
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

static void memory_of_a_process(void **state)
{
	struct pair *p = *state;
	struct memory memory = asker_memory(&p->asker);
	int fds[MSG_FDS_MAX], n_fds, file = memfd_create("memory", MFD_CLOEXEC);
	char bytes[8] = "";
	struct msg msg;

	assert_int_equal(write(file, "1234567", 7), 7);
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 1}, file);
	assert_int_equal(memory.read(memory.ctx, 42, 0x5000, bytes, 7), 0);
	assert_string_equal(bytes, "1234567");
	assert_int_equal(msg_receive(p->tracer, &msg, fds, &n_fds), 1);
	assert_true(msg.type == MSG_ASK_MEMORY && msg.pid == 42 && msg.start == 0x5000 && msg.end == 0x5007);
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 2}, file); /* less than was asked for */
	assert_int_equal(memory.read(memory.ctx, 42, 0x5000, bytes, 8), -EIO);
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 3, .value = -EFAULT}, -1);
	assert_int_equal(memory.read(memory.ctx, 42, 0x5000, bytes, 8), -EFAULT);
	assert_int_equal(memory.read(memory.ctx, 42, 0x5000, bytes, MSG_MEMORY_MAX + 1), -E2BIG);
	close(file);
}

static void an_interpreter_is_handed_over(void **state)
{
	struct pair *p = *state;
	struct pythons_sink sink = asker_pythons(&p->asker);
	int fds[MSG_FDS_MAX], n_fds, file = memfd_create("python", MFD_CLOEXEC);
	struct msg msg;

	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 1}, -1);
	assert_int_equal(sink.python(sink.ctx, 42, file, "CPython 3.9"), 0);
	assert_int_equal(msg_receive(p->tracer, &msg, fds, &n_fds), 1);
	assert_true(msg.type == MSG_PYTHON && msg.pid == 42 && n_fds == 1);
	assert_string_equal(msg.name, "CPython 3.9");
	close(fds[0]);
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 2}, -1);
	assert_int_equal(sink.python(sink.ctx, 42, -1, ""), 0);
	assert_int_equal(msg_receive(p->tracer, &msg, fds, &n_fds), 1);
	assert_true(msg.type == MSG_PYTHON && !n_fds);
	close(file);
}

/* Questions of one that went before are answered to it: their answers, and what is none, are passed over and their descriptors closed. */
static void stale(void **state)
{
	struct pair *p = *state;
	struct asker next;
	struct symbol_source source = asker_source(&next, NULL);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), lowest = dup(null);

	close(lowest);
	asker_init(&next, p->asker.sock, 1000);
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 1}, null);
	tell(p, &(struct msg){.type = MSG_SNAPSHOT}, -1);
	tell(p, &(struct msg){.type = MSG_ANSWER, .seq = 1001, .value = -ESRCH}, -1);
	assert_int_equal(source.open_maps(source.ctx, 42), -ESRCH);
	assert_int_equal(dup(null), lowest);
	close(lowest);
	close(null);
}

static void tracer_is_gone(void **state)
{
	struct pair *p = *state;
	struct symbol_source source = asker_source(&p->asker, NULL);

	close(p->tracer);
	p->tracer = -1;
	assert_true(source.open_maps(source.ctx, 42) < 0);
	assert_int_equal(source.open_maps(source.ctx, 42), -EPIPE);
}

static void nobody_to_ask(void **state)
{
	struct asker asker;
	struct symbol_source source = asker_source(&asker, NULL);

	(void)state;
	asker_init(&asker, -1, 0);
	assert_int_equal(source.open_file(source.ctx, 42, 0, 1), -EPIPE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answered), TEST(refused), TEST(debug_file), TEST(memory_of_a_process), TEST(an_interpreter_is_handed_over),
		TEST(stale), TEST(tracer_is_gone), TEST(nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
