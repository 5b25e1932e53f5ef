/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The worker's start: what it says first, and how it ends when the tracer fails, is gone, or hands over something else than a ring.
 * links: capture/worker.c capture/channel.c capture/counters.c capture/event_queue.c capture/events.c capture/hints.c capture/status.c
 * links: capture/groups.c
 * links: capture/claims.c capture/live.c capture/live_record.c capture/report.c capture/replay.c capture/report_line.c capture/record.c
 * links: capture/stacks.c capture/names.c capture/processes.c capture/locks.c capture/causes.c capture/address.c capture/contexts.c capture/sources.c
 * links: capture/source_handler.c capture/source_http.c capture/source_line.c capture/redact.c capture/source_code.c capture/programs.c
 * links: base/protocol.c base/printable.c
 * links: symbol/debuginfod.c base/alloc.c base/log.c profile/profile.c profile/own.c profile/check.c profile/builder.c
 * links: capture/await_feed.c capture/await_cause.c capture/gil.c capture/pool_threads.c
 * links: profile/timeline.c profile/stolen.c profile/awaits.c profile/shares.c profile/partition.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/protocol.h"
#include "capture/worker.h"
#include "fake_namer.h"
#include "fake_unwinders.h"

static const struct worker_options options = {.kallsyms_fd = -1, .command = "reqprof", .interval_ns = 1000000};

/* Run the worker against a tracer that has said one thing before it reads anything; with_fds: descriptors of /dev/null. */
static int run(const struct msg *said, int n_fds, int *ret_tracer)
{
	int pair[2], null = open("/dev/null", O_RDWR | O_CLOEXEC), fds[] = {null, null}, status;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	if (said)
		assert_int_equal(msg_send(pair[1], said, fds, n_fds), 0);
	else
		shutdown(pair[1], SHUT_WR);
	status = worker_run(&options, pair[0], -1);
	close(pair[0]);
	close(null);
	*ret_tracer = pair[1];
	return status;
}

static void expect_ready(int tracer)
{
	int fds[MSG_FDS_MAX], n_fds;
	struct msg msg;

	assert_int_equal(msg_receive(tracer, &msg, fds, &n_fds), 1);
	assert_int_equal(msg.type, MSG_READY);
	close(tracer);
}

static void tracer_fails(void **state)
{
	int tracer;

	(void)state;
	assert_int_equal(run(&(struct msg){.type = MSG_STOP, .value = STOP_FAILED}, 0, &tracer), 1);
	expect_ready(tracer);
}

static void tracer_is_gone(void **state)
{
	int tracer;

	(void)state;
	assert_int_equal(run(NULL, 0, &tracer), 1);
	expect_ready(tracer);
}

static void no_ring(void **state)
{
	int tracer;

	(void)state;
	assert_int_equal(run(&(struct msg){.type = MSG_START}, 2, &tracer), 1);
	expect_ready(tracer);
	assert_int_equal(run(&(struct msg){.type = MSG_START}, 0, &tracer), 1);
	expect_ready(tracer);
}

/* The terminal's ^C reaches it too, and is not for it to decide. */
static void signals_are_left_to_the_tracer(void **state)
{
	int tracer;

	(void)state;
	run(NULL, 0, &tracer);
	close(tracer);
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(raise(SIGUSR1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracer_fails), cmocka_unit_test(tracer_is_gone), cmocka_unit_test(no_ring),
		cmocka_unit_test(signals_are_left_to_the_tracer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
