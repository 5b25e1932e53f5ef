/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From events to a report: what it says of the request's processes, what they run, and whose frames are whose.
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

#include <string.h>

#include "live_fixture.h"

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

/* ---- whose frames are whose -------------------------------------------------------------------------------------- */

static bool has_function(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->n_frames; i++)
		if (!strcmp(p->frames[i].function, name))
			return true;
	return false;
}

static void send_exec(struct fixture *f, int pid)
{
	struct rp_event e = {.type = RP_EV_EXEC, .len = sizeof e, .t = T0, .pid = pid, .tid = pid};

	assert_true(live_event(&f->live, &e));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_runs), TEST(child_calls_exec), TEST(python_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
