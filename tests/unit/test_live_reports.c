/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From events to a report: whole requests, those that are cut, what is lost, and odd lines.
 * links: capture/live.c capture/live_record.c capture/report.c capture/replay.c capture/report_line.c capture/record.c capture/stacks.c
 * links: capture/groups.c
 * links: capture/claims.c capture/names.c capture/processes.c capture/locks.c capture/causes.c capture/address.c capture/contexts.c capture/sources.c
 * links: capture/source_handler.c capture/source_http.c capture/source_line.c capture/redact.c capture/source_code.c capture/programs.c
 * links: base/printable.c base/alloc.c base/log.c profile/profile.c profile/own.c profile/check.c
 * links: profile/builder.c capture/await_feed.c capture/await_cause.c capture/gil.c capture/pool_threads.c
 * links: profile/timeline.c profile/stolen.c profile/awaits.c profile/shares.c profile/partition.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "live_fixture.h"

/* ---- a whole request --------------------------------------------------------------------------------------------- */

static void look_whole(const struct profile *p)
{
	const struct request *r = &p->request;
	const struct wait *lock = &p->work.waits[0], *network = &p->work.waits[1];
	uint64_t sum = 0;

	assert_string_equal(r->method, "GET");
	assert_string_equal(r->target, "/orders?id=…&profile=1");
	assert_string_equal(r->http_version, "1.1");
	assert_string_equal(r->local, "127.0.0.1:8000");
	assert_string_equal(r->remote, "127.0.0.1:40312");
	assert_string_equal(r->marker, "profile=1");
	assert_string_equal(r->comm, "uvicorn");
	assert_true(r->status == 200 && r->pid == PID && r->bytes_in == 77 && r->bytes_out == 1234);
	assert_true(r->begin == BEGIN_JOINED && r->end == END_SEEN && r->source == SOURCE_HTTP);
	assert_int_equal(r->n_marks, 2);
	assert_true(r->marks[0].kind == MARK_head_read && r->marks[0].t == 0);
	assert_true(r->marks[1].kind == MARK_first_response_byte && r->marks[1].t == 11 * MS);
	assert_int_equal(strlen(r->id), 6);

	for (int c = 0; c < N_TIME_CLASSES; c++)
		sum += p->time.classes_ns[c];
	assert_true(p->time.wall_ns == 12 * MS && sum == p->time.wall_ns);
	assert_true(p->time.classes_ns[TIME_lock] == 2 * MS && p->time.classes_ns[TIME_network] == 2 * MS);
	assert_true(p->time.classes_ns[TIME_run_queue] == MS);
	assert_true(p->time.socket_queue_ns == -1 && p->time.in_flight_max == 2);

	assert_int_equal(p->work.n_waits, 2);
	assert_true(lock->cause == TIME_lock && lock->t == 3 * MS && lock->duration_ns == 2 * MS && lock->runnable_ns == MS);
	assert_string_equal(lock->object, "pthread mutex 0x10c4 app_lock");
	assert_true(lock->has_waker && lock->waker.pid == PID && lock->waker.tid == 99);
	assert_string_equal(lock->waker.comm, "worker");
	assert_true(network->cause == TIME_network && network->has_waker && network->waker.pid == 0);
	assert_string_equal(network->object, "10.0.0.9:5432");
	assert_string_equal(network->waker.comm, "interrupt");

	assert_true(p->lost.stacks_truncated == 1 && p->lost.frames_unknown == 1);
	assert_true(p->lost.events_dropped == 5 && p->lost.refused_live == 6 && p->lost.refused_rate == 7);
	assert_true(p->about.overhead_ns == 10 * 3000 + 4 * 1000 && p->about.interval_ns == MS && p->about.workers_refused == 1);
	assert_string_equal(p->about.command, "reqprof record");
	assert_string_equal(p->about.arming, "timer");
}

static void send_wait(struct fixture *f, const struct rp_wait *wait)
{
	struct rp_wait e = *wait;
	int flags = e.h.flags;

	e.h = head(RP_EV_WAIT, sizeof e, flags, e.in_ns);
	e.timeout_ns = RP_UNKNOWN_NS;
	assert_true(live_event(&f->live, &e.h));
}

static struct rp_wait lock_wait(void)
{
	return (struct rp_wait){
		.h.flags = RP_WAIT_SYSCALL | RP_WAIT_WAKER, .out_ns = T0 + 3 * MS, .woken_ns = T0 + 5 * MS, .in_ns = T0 + 6 * MS,
		.cpu_ns = 3 * MS, .stack = 2, .args = {FAKE_LOCK}, .nr = SYS_futex, .state = 1, .waker_pid = PID, .waker_tid = 99,
		.waker_comm = "worker",
	};
}

static struct rp_wait network_wait(void)
{
	struct rp_addr peer = {.family = RP_AF_INET, .port = 5432, .ip = {10, 0, 0, 9}};
	struct rp_wait w = {
		.h.flags = RP_WAIT_SYSCALL | RP_WAIT_WAKER | RP_WAIT_WAKER_IRQ, .out_ns = T0 + 7 * MS, .woken_ns = T0 + 9 * MS,
		.in_ns = T0 + 9 * MS, .cpu_ns = 4 * MS, .waited_ns = 3 * MS, .seq = 1, .stack = 3, .nr = SYS_recvfrom, .state = 1,
		.waker_comm = "interrupt", .object = {.kind = RP_OBJECT_SOCKET, .len = sizeof peer, .fd = 7},
	};

	memcpy(w.object.data, &peer, sizeof peer);
	return w;
}

static void send_work(struct fixture *f)
{
	struct rp_wait lock = lock_wait(), network = network_wait();

	send_bind(f, 0, T0, PID, 0);
	send_stack(f, 1, PID, FAKE_UNKNOWN, 0);
	send_tick(f, RP_EV_EDGE, 0, T0, 1);
	send_tick(f, RP_EV_TICK, 0, T0 + MS, 1);
	send_tick(f, RP_EV_TICK, 0, T0 + 2 * MS, 1);
	send_stack(f, 2, PID, FAKE_MUTEX_WAITER, 0);
	send_wait(f, &lock);
	send_stack(f, 3, PID, 0x5555, RP_STACK_depth << RP_STACK_REASON_SHIFT);
	send_wait(f, &network);
	send_stack(f, 4, PID, FAKE_UNKNOWN, RP_STACK_fault << RP_STACK_REASON_SHIFT); /* nothing names it: it counts nowhere */
	send_tick(f, RP_EV_TICK, 0, T0 + 10 * MS, 1);
}

static void whole_request(void **state)
{
	struct fixture *f = *state;

	f->look = look_whole;
	send_begin(f, "GET /orders?id=42&profile=1 HTTP/1.1", RP_BEGIN_JOINED);
	assert_int_equal(fake_added, PID);
	assert_int_equal(live_pending(&f->live), 1);
	assert_null(live_finished(&f->live));
	send_work(f);
	send_end(f, T0 + 12 * MS, 200, RP_END_SEEN);
	write_all(f);
	assert_int_equal(f->written, 1);
	assert_int_equal(f->reporter.written, 1);
	assert_int_equal(live_pending(&f->live), 0);
	assert_int_equal(fake_forgotten, PID);
}

/* ---- snapshots, cuts --------------------------------------------------------------------------------------------- */

static void look_snapshot(const struct profile *p)
{
	assert_int_equal(p->request.end, END_CUT_OFF);
	assert_int_equal(p->request.status, 0);
	assert_string_equal(p->request.target, "/orders?id=…&profile=1");
	assert_true(p->time.wall_ns == 11 * MS);
	assert_string_equal(p->work.waits[0].object, "pthread mutex 0x10c4 app_lock");
	assert_string_equal(p->frames[p->stacks[p->work.waits[1].stack].frame].function, "0:0x99");
}

static void snapshot_is_replaced(void **state)
{
	struct fixture *f = *state;
	char first[7], second[7];

	send_begin(f, "GET /orders?id=42&profile=1 HTTP/1.1", RP_BEGIN_JOINED);
	send_work(f);
	f->look = look_snapshot;
	report_snapshot(&f->reporter, f->live.requests, T0 + 11 * MS);
	strcpy(first, f->id);
	assert_string_equal(f->replaces, "");
	report_snapshot(&f->reporter, f->live.requests, T0 + 11 * MS);
	strcpy(second, f->id);
	assert_string_equal(f->replaces, first);
	f->look = look_whole;
	send_end(f, T0 + 12 * MS, 200, RP_END_SEEN);
	write_all(f);
	assert_string_equal(f->replaces, second);
	assert_string_not_equal(f->id, second);
	assert_int_equal(f->reporter.written, 1);
}

static void look_cut(const struct profile *p)
{
	assert_int_equal(p->request.end, END_CUT_OFF);
	assert_true(p->time.wall_ns == 100 * MS);
}

static void end_that_never_came(void **state)
{
	struct fixture *f = *state;

	send_begin(f, "GET / HTTP/1.1", 0);
	send_work(f);
	live_cut(&f->live);
	f->look = look_cut;
	write_all(f);
	assert_int_equal(f->written, 1);
}

/* ---- what is lost ------------------------------------------------------------------------------------------------ */

static void begin_lost(void **state)
{
	struct fixture *f = *state;

	send_work(f);
	send_end(f, T0 + 12 * MS, 200, RP_END_SEEN);
	write_all(f);
	assert_int_equal(f->written, 0);
	assert_int_equal(f->live.incomplete, 1);
}

static void straggler(void **state)
{
	struct fixture *f = *state;

	send_begin(f, "GET / HTTP/1.1", 0);
	send_end(f, T0 + 12 * MS, 200, RP_END_SEEN);
	send_tick(f, RP_EV_TICK, 0, T0 + 12 * MS, 1);
	assert_null(f->live.requests);
	write_all(f);
	assert_int_equal(f->live.incomplete, 0);
}

static void writer_fails(void **state)
{
	struct fixture *f = *state;

	f->error = -ENOSPC;
	send_begin(f, "GET / HTTP/1.1", 0);
	send_end(f, T0 + 12 * MS, 200, RP_END_SEEN);
	write_all(f);
	assert_true(f->reporter.failed == 1 && f->reporter.written == 0);
}

static void closed(void **state)
{
	struct fixture *f = *state;

	send_begin(f, "GET / HTTP/1.1", 0);
	live_close(&f->live);
	assert_int_equal(f->live.given_up, 1);
	send_tick(f, RP_EV_TICK, 0, T0, 1);
	assert_null(f->live.requests);
	assert_null(f->live.finished);
}

static void unknown_type(void **state)
{
	struct fixture *f = *state;
	struct rp_event e = head(999, sizeof e, 0, T0);

	assert_false(live_event(&f->live, &e));
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void odd_lines(void **state)
{
	static const char *const lines[] = {
		"", "GET", "GET ", "GET /", "GET  HTTP/1.1", "GET /\x01\xff?a=b HTTP/", " ", "GET / HTTP/1.1\r",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		live_init(&f->live, &f->options, NULL);
		send_begin(f, lines[i], 0);
		assert_non_null(f->live.requests->profile->request.method);
		assert_non_null(f->live.requests->profile->request.target);
		live_fini(&f->live);
	}
	live_init(&f->live, &f->options, NULL);
	send_begin(f, "GET / HTTP/1.0\r", 0);
	assert_string_equal(f->live.requests->profile->request.http_version, "1.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_request), TEST(snapshot_is_replaced), TEST(end_that_never_came), TEST(begin_lost), TEST(straggler),
		TEST(writer_fails), TEST(closed), TEST(unknown_type), TEST(odd_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
