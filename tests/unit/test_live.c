/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From events to a report: whole requests, with invented symbols and a writer that looks.
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
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "capture/live.h"
#include "capture/report.h"
#include "fake_namer.h"

#define MS 1000000ULL
#define T0 (1000 * MS)
#define PID 4000042 /* no such process */
#define TID 43

struct fixture {
	struct worker_options options;
	struct worker_marker marker;
	struct live live;
	struct reporter reporter;
	struct programs programs;
	void (*look)(const struct profile *p); /* at what is written */
	int error;              /* of the writer */
	int written;
	char replaces[7];       /* of the last write, empty = none */
	char id[7];
};

static int write_fake(void *ctx, const struct profile *p, const char *replaces, char **ret_path)
{
	struct fixture *f = ctx;

	assert_null(profile_check(p));
	f->written++;
	snprintf(f->replaces, sizeof f->replaces, "%s", replaces ? replaces : "");
	strcpy(f->id, p->request.id);
	if (f->look)
		f->look(p);
	*ret_path = xstrdup(f->error ? "cannot write x: no space left" : "x.html");
	return f->error;
}

static int make(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->marker = (struct worker_marker){.text = "profile=1", .is_query = true};
	f->options = (struct worker_options){
		.kallsyms_fd = -1, .markers = &f->marker, .n_markers = 1, .command = "reqprof record",
		.interval_ns = MS, .tick_cost_ns = 3000, .switch_cost_ns = 1000, .writer = {.ctx = f, .write = write_fake},
	};
	live_init(&f->live, &f->options, NULL);
	reporter_init(&f->reporter, &f->options, NULL);
	f->reporter.programs = &f->programs;
	f->reporter.silent = true;
	*state = f;
	return 0;
}

static int destroy(void **state)
{
	struct fixture *f = *state;

	live_fini(&f->live);
	reporter_fini(&f->reporter);
	programs_clear(&f->programs);
	free(f);
	return 0;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static struct rp_event head(int type, size_t len, int flags, uint64_t t)
{
	return (struct rp_event){.type = type, .flags = flags, .len = len, .t = t, .request = 1, .pid = PID, .tid = TID};
}

static void send_begin(struct fixture *f, const char *line, int flags)
{
	size_t n = strlen(line);
	struct rp_begin *e = xcalloc(1, sizeof *e + n);

	e->h = head(RP_EV_BEGIN, sizeof *e + n, flags, T0);
	e->begin_ns = T0;
	e->socket_queue_ns = RP_UNKNOWN_NS;
	e->local = (struct rp_addr){.family = RP_AF_INET, .port = 8000, .ip = {127, 0, 0, 1}};
	e->remote = (struct rp_addr){.family = RP_AF_INET, .port = 40312, .ip = {127, 0, 0, 1}};
	e->line_len = n;
	strcpy(e->comm, "uvicorn");
	memcpy(e + 1, line, n);
	assert_true(live_event(&f->live, &e->h));
	free(e);
}

static void send_bind(struct fixture *f, uint32_t worker, uint64_t t, int pid, int flags)
{
	struct rp_bind e = {.h = head(RP_EV_BIND, sizeof e, flags, t), .bound = 1, .worker = worker, .comm = "uvicorn"};

	e.h.pid = pid;
	e.h.tid = pid + 1;
	assert_true(live_event(&f->live, &e.h));
}

static void send_stack(struct fixture *f, uint64_t id, int pid, uint64_t innermost, int flags)
{
	struct {
		struct rp_stack s;
		uint64_t addresses[3];
	} e = {
		.s = {.h = head(RP_EV_STACK, sizeof e, flags, T0), .id = id, .n_kernel = 1, .n_user = 2},
		.addresses = {0x99, innermost, 0x1},
	};

	e.s.h.pid = pid;
	assert_true(live_event(&f->live, &e.s.h));
}

static void send_tick(struct fixture *f, int type, uint32_t worker, uint64_t t, uint64_t stack)
{
	struct rp_tick e = {.h = head(type, sizeof e, 0, t), .worker = worker, .stack = stack};

	assert_true(live_event(&f->live, &e.h));
}

static void send_wait(struct fixture *f, const struct rp_wait *wait)
{
	struct rp_wait e = *wait;
	int flags = e.h.flags;

	e.h = head(RP_EV_WAIT, sizeof e, flags, e.in_ns);
	e.timeout_ns = RP_UNKNOWN_NS;
	assert_true(live_event(&f->live, &e.h));
}

static void send_end(struct fixture *f, uint64_t end_ns, int status, int how)
{
	struct rp_end e = {
		.h = head(RP_EV_END, sizeof e, how, end_ns), .end_ns = end_ns, .first_write_ns = end_ns - MS, .head_read_ns = T0,
		.bytes_in = 77, .bytes_out = 1234, .status = status, .in_flight_max = 2, .dropped = 5, .refused_live = 6,
		.refused_rate = 7, .workers_refused = 1, .ticks = 10, .switches = 4,
	};

	assert_true(live_event(&f->live, &e.h));
}

static void send_exec(struct fixture *f, int pid)
{
	struct rp_event e = {.type = RP_EV_EXEC, .len = sizeof e, .t = T0, .pid = pid, .tid = pid};

	assert_true(live_event(&f->live, &e));
}

static void write_all(struct fixture *f)
{
	struct live_request *r;

	while ((r = live_finished(&f->live))) {
		report_final(&f->reporter, r, T0 + 100 * MS);
		live_release(&f->live);
	}
}

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

/* ---- what the tracer says of processes ------------------------------------------------------------------------------ */

static void say(struct fixture *f, enum msg_type type, int pid, const char *text)
{
	struct msg msg = {.type = type, .pid = pid};

	strcpy(msg.name, text);
	programs_take(&f->programs, &msg);
}

static void look_program(const struct profile *p)
{
	assert_string_equal(p->about.program, "a\\x1b[2Jpp.py");
	assert_string_equal(p->about.runtime, "CPython 3.11");
}

static void look_no_runtime(const struct profile *p)
{
	assert_string_equal(p->about.program, "nginx");
	assert_null(p->about.runtime);
}

static void look_unknown(const struct profile *p)
{
	assert_null(p->about.program);
	assert_null(p->about.runtime);
}

static void snapshot_of(struct fixture *f, void (*look)(const struct profile *p))
{
	f->look = look;
	f->written = 0;
	report_snapshot(&f->reporter, f->live.requests, T0 + MS);
	assert_int_equal(f->written, 1);
}

static void what_runs(void **state)
{
	struct fixture *f = *state;

	send_begin(f, "GET /?profile=1", 0);
	say(f, MSG_PROGRAM, PID + 1, "other");
	snapshot_of(f, look_unknown);
	say(f, MSG_PROGRAM, PID, "a\x1b[2Jpp.py");
	say(f, MSG_RUNTIME, PID, "CPython 3.11");
	snapshot_of(f, look_program);
	say(f, MSG_PROGRAM, PID, "nginx"); /* it has called exec */
	say(f, MSG_RUNTIME, PID, "");
	snapshot_of(f, look_no_runtime);
	for (int i = 0; i < PROGRAMS_MAX; i++)
		say(f, MSG_PROGRAM, i + 1, "forked");
	assert_int_equal(f->programs.n, PROGRAMS_MAX);
	assert_string_equal(programs_find(&f->programs, PROGRAMS_MAX)->program, "forked");
	snapshot_of(f, look_unknown);
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

/* ---- processes and lines ----------------------------------------------------------------------------------------- */

static bool has_function(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->n_frames; i++)
		if (!strcmp(p->frames[i].function, name))
			return true;
	return false;
}

static void look_exec(const struct profile *p)
{
	/* The child's address before its exec is its parent's code, the one after it its own. */
	assert_true(has_function(p, "4000042:0xaaa"));
	assert_false(has_function(p, "50:0xaaa"));
	assert_true(has_function(p, "50:0xbbb"));
}

static void child_calls_exec(void **state)
{
	struct fixture *f = *state;

	send_begin(f, "GET / HTTP/1.1", 0);
	send_bind(f, 0, T0, PID, 0);
	send_bind(f, 1, T0 + MS, 50, RP_BIND_CLONED);
	send_stack(f, 1, 50, 0xaaa, 0);
	send_tick(f, RP_EV_TICK, 1, T0 + 2 * MS, 1);
	send_exec(f, 50);
	assert_int_equal(fake_renewed, 50);
	send_exec(f, 51);
	assert_int_equal(fake_renewed, 50); /* no process of a request */
	send_stack(f, 2, 50, 0xbbb, 0);
	send_tick(f, RP_EV_TICK, 1, T0 + 3 * MS, 2);
	send_end(f, T0 + 12 * MS, 200, RP_END_SEEN);
	f->look = look_exec;
	write_all(f);
	assert_int_equal(f->written, 1);
}

static void look_python(const struct profile *p)
{
	size_t python = 0;

	for (size_t i = 0; i < p->n_frames; i++)
		python += p->frames[i].kind == FRAME_python;
	assert_int_equal(python, 2);
	assert_true(has_function(p, "python:0x1000") && has_function(p, "python:0x2000"));
	assert_int_equal(p->lost.frames_unknown, 0); /* an application's frames have no package */
	assert_int_equal(p->lost.stacks_truncated, 1);
	assert_string_equal(p->about.truncations[0].reason, "native and Python frames do not agree");
}

static void python_frames(void **state)
{
	struct {
		struct rp_stack s;
		uint64_t address;
		struct rp_python_frame frames[2];
	} e = {
		.s = {.h = head(RP_EV_STACK, sizeof e, 0, T0), .id = 1, .n_kernel = 1, .n_python = 2},
		.address = 0x99, .frames = {{0x1000, 6, 1}, {0x2000, 8 | RP_PYTHON_ENTRY, 2}},
	};
	struct fixture *f = *state;

	send_begin(f, "GET / HTTP/1.1", 0);
	send_bind(f, 0, T0, PID, 0);
	fake_code = 0;
	assert_true(live_event(&f->live, &e.s.h));
	assert_true(fake_code == 0x2000);
	send_tick(f, RP_EV_TICK, 0, T0 + 2 * MS, 1);
	send_end(f, T0 + 12 * MS, 200, RP_END_SEEN);
	f->look = look_python;
	write_all(f);
	assert_int_equal(f->written, 1);
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_runs), TEST(whole_request), TEST(snapshot_is_replaced), TEST(end_that_never_came), TEST(begin_lost), TEST(straggler),
		TEST(writer_fails), TEST(closed), TEST(unknown_type), TEST(child_calls_exec), TEST(python_frames), TEST(odd_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
