/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sentences of the first screen, each in a request of 100 ms that gives rise to it: what they say, and where their links lead.
 * links: format/sentences.c format/parts.c format/call_tree.c format/functions.c format/names.c format/numbers.c format/wait_groups.c
 * links: profile/profile.c profile/own.c base/alloc.c base/printable.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/sentences.h"

#define MS 1000000ULL
#define WALL_MS 100

static struct profile *new_profile(void)
{
	struct profile *p = profile_new();

	p->time.wall_ns = WALL_MS * MS;
	p->time.in_flight_max = 1;
	*work_add_thread(&p->work) = (struct thread){.pid = 7, .tid = 7, .comm = "server", .gil_held_ns = -1};
	return p;
}

static int32_t call(struct profile *p, int32_t parent, const char *function, const char *file, uint32_t line, enum frame_kind kind)
{
	struct frame frame = {function, kind == FRAME_python ? file : NULL, kind == FRAME_python ? "app" : file, line, kind, false};

	return profile_stack(p, parent, profile_frame(p, &frame));
}

/* On the CPU for so many ms, a sample each. */
static void run(struct profile *p, int32_t stack, unsigned ms, bool kernel)
{
	for (unsigned i = 0; i < ms; i++)
		*work_add_sample(&p->work) = (struct sample){.t = i * MS, .weight_ns = MS, .stack = stack, .task = -1, .bound = 1, .kernel = kernel};
	p->time.classes_ns[kernel ? TIME_cpu_kernel : TIME_cpu_user] += ms * MS;
	p->work.threads[0].cpu_ns += ms * MS;
}

static void wait_for(struct profile *p, int32_t stack, unsigned ms, enum time_class cause, const char *object, const char *waker)
{
	struct wait *w = work_add_wait(&p->work);

	*w = (struct wait){.t = p->work.n_waits * MS, .stack = stack, .task = -1, .cause = cause, .object = profile_string(p, object), .has_waker = waker};
	*(cause == TIME_run_queue ? &w->runnable_ns : &w->duration_ns) = ms * MS;
	w->waker = (struct waker){913, 913, waker, -1};
	p->time.classes_ns[cause] += ms * MS;
}

static void pass(struct profile *p, enum time_class class, unsigned ms)
{
	p->time.classes_ns[class] += ms * MS;
}

/* The i-th sentence is this, and leads there; all of them account for everything. Frees the profile when told so. */
static void expect(struct profile *p, size_t i, const char *text, const char *panel, const char *search)
{
	struct sentences s;
	unsigned permille = 0;
	char all[1024];

	sentences_make(p, &s);
	assert_true(i < s.n);
	snprintf(all, sizeof all, "%s%s", s.list[i].share, s.list[i].text);
	assert_string_equal(all, text);
	assert_string_equal(s.list[i].panel ? s.list[i].panel : "", panel);
	assert_string_equal(s.list[i].search ? s.list[i].search : "", search);
	for (size_t k = 0; k < s.n; k++)
		permille += s.list[k].permille;
	assert_int_equal(permille, 1000);
	sentences_clear(&s);
}

static void test_on_cpu(void **state)
{
	struct profile *p = new_profile();
	int32_t view = call(p, -1, "view", "/srv/app/views.py", 41, FRAME_python), encode = call(p, view, "encode", "/srv/app/json.py", 17, FRAME_python);

	(void)state;
	run(p, encode, 60, false);
	run(p, view, 40, false);
	expect(p, 0, "100 % (100.0 ms ± 2) on CPU in view, app/views.py:41; most in encode, app/json.py:17 (60.0 ms self ± 9)", "tree", "view");
	profile_free(p);
}

/* A function that other threads are in, too, is named for the time of all. */
static void test_several_places(void **state)
{
	struct profile *p = new_profile();
	int32_t loop = call(p, -1, "run", "/usr/lib/python3.11/asyncio/runners.py", 118, FRAME_python);
	int32_t pool = call(p, -1, "run", "/usr/lib/python3.11/threading.py", 975, FRAME_python);

	(void)state;
	run(p, call(p, loop, "work", "/srv/app/views.py", 41, FRAME_python), 60, false);
	run(p, call(p, pool, "work", "/srv/app/views.py", 41, FRAME_python), 35, false);
	run(p, pool, 5, false);
	expect(p, 0, "95 % (95.0 ms ± 5) on CPU in work, app/views.py:41 itself", "tree", "work");
	profile_free(p);
}

static void test_itself(void **state)
{
	struct profile *p = new_profile();

	(void)state;
	run(p, call(p, -1, "view", "/srv/app/views.py", 41, FRAME_python), 100, false);
	expect(p, 0, "100 % (100.0 ms ± 2) on CPU in view, app/views.py:41 itself", "tree", "view");
	profile_free(p);
}

/* No function has a quarter of it: the one is named that most of it goes through, and not said to have most of it. */
static void test_callee(void **state)
{
	struct profile *p = new_profile();
	int32_t view = call(p, -1, "view", "/srv/app/views.py", 41, FRAME_python);
	int32_t dumps = call(p, view, "dumps", "/usr/lib/python3.11/json/__init__.py", 231, FRAME_python);
	char name[16];

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof name, "encode_%u", i);
		run(p, call(p, i < 6 ? dumps : view, name, "/usr/lib/python3.11/json/encoder.py", i, FRAME_python), 10, false);
	}
	expect(p, 0, "100 % (100.0 ms ± 2) on CPU in view, app/views.py:41; about 60.0 ms of it in dumps, json/__init__.py:231", "tree", "view");
	profile_free(p);
}

/* All of it, also where rounding makes it a little more. */
static void test_one_callee(void **state)
{
	struct profile *p = new_profile();
	int32_t view = call(p, -1, "view", "/srv/app/views.py", 41, FRAME_python);
	int32_t deflate = call(p, view, "deflate", "/lib/libz.so.1", 0, FRAME_native);
	char name[16];

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		snprintf(name, sizeof name, "step_%u", i);
		run(p, call(p, deflate, name, "/lib/libz.so.1", 0, FRAME_native), 10, false);
	}
	expect(p, 0, "100 % (100.0 ms ± 2) on CPU in view, app/views.py:41; nearly all of it in deflate, libz.so.1", "tree", "view");
	profile_free(p);
}

static void test_kernel(void **state)
{
	struct profile *p = new_profile();

	(void)state;
	run(p, call(p, -1, "view", "/srv/app/views.py", 41, FRAME_python), 80, false);
	run(p, call(p, -1, "copy_to_user", "kernel", 0, FRAME_kernel), 20, true);
	expect(p, 1, "20 % (20.0 ms) on CPU in the kernel; most in copy_to_user, kernel", "tree", "copy_to_user");
	profile_free(p);
}

static void test_peer(void **state)
{
	struct profile *p = new_profile();
	int32_t view = call(p, -1, "fetch", "/srv/app/db.py", 88, FRAME_python);

	(void)state;
	wait_for(p, view, 30, TIME_network, "127.0.0.1:5432", "postgres");
	wait_for(p, view, 50, TIME_network, "127.0.0.1:5432", "postgres");
	wait_for(p, view, 20, TIME_network, "127.0.0.1:5432", "postgres");
	expect(p, 0, "100 % (100.0 ms) waiting for 127.0.0.1:5432 (postgres, pid 913): 3 waits, median 30.0 ms, longest 50.0 ms, from fetch, app/db.py:88",
	       "waits", "127.0.0.1:5432");
	profile_free(p);
}

/* It is named if nobody knows how a short wait ended, but not if that is much of the time, or another one woke some. */
static void test_unwoken(void **state)
{
	(void)state;
	for (unsigned int ms = 2; ms <= 20; ms += 18) {
		for (int other = 0; other < 2; other++) {
			struct profile *p = new_profile();
			const char *named = ms == 2 && !other ? " (postgres, pid 913)" : "";
			_cleanup_free_ char *text = xasprintf("100 %% (100.0 ms) waiting for 127.0.0.1:5432%s: 2 waits, longest %u.0 ms", named, 100 - ms);

			wait_for(p, -1, 100 - ms, TIME_network, "127.0.0.1:5432", "postgres");
			wait_for(p, -1, ms, TIME_network, "127.0.0.1:5432", other ? "pgbouncer" : NULL);
			if (other)
				p->work.waits[1].waker.pid = 914;
			expect(p, 0, text, "waits", "127.0.0.1:5432");
			profile_free(p);
		}
	}
}

/* Who wakes a thread that waits for another machine is not that machine. */
static void test_remote_peer(void **state)
{
	struct profile *p = new_profile();

	(void)state;
	wait_for(p, -1, 100, TIME_network, "10.0.0.5:5432", "swapper");
	expect(p, 0, "100 % (100.0 ms) waiting for 10.0.0.5:5432: 1 wait", "waits", "10.0.0.5:5432");
	profile_free(p);
}

static void test_lock_and_file(void **state)
{
	struct profile *p = new_profile();
	int32_t view = call(p, -1, "view", "/srv/app/views.py", 41, FRAME_python);

	(void)state;
	wait_for(p, view, 60, TIME_lock, "pthread mutex 0x10 pool_lock", NULL);
	wait_for(p, view, 40, TIME_disk, "/var/lib/x.db", NULL);
	expect(p, 0, "60 % (60.0 ms) waiting for a lock (pthread mutex 0x10 pool_lock): 1 wait, from view, app/views.py:41", "waits",
	       "pthread mutex 0x10 pool_lock");
	expect(p, 1, "40 % (40.0 ms) waiting for the disk (/var/lib/x.db): 1 wait, from view, app/views.py:41", "waits", "/var/lib/x.db");
	profile_free(p);
}

/* What was slower than the machine allowed. */
static void test_machine(void **state)
{
	struct profile *p = new_profile();
	int32_t view = call(p, -1, "view", "/srv/app/views.py", 41, FRAME_python);

	(void)state;
	wait_for(p, view, 40, TIME_run_queue, NULL, NULL);
	wait_for(p, view, 35, TIME_throttled, NULL, NULL);
	wait_for(p, view, 25, TIME_stopped, NULL, NULL);
	expect(p, 0, "40 % (40.0 ms) ready but no CPU: 1 time, mostly from view, app/views.py:41", "waits", "");
	expect(p, 1, "35 % (35.0 ms) throttled by cgroup, its CPU quota used up: 1 time, from view, app/views.py:41", "waits", "");
	expect(p, 2, "25 % (25.0 ms) stopped by a signal or a debugger: 1 wait, from view, app/views.py:41", "waits", "");
	profile_free(p);
}

static void test_gil(void **state)
{
	struct profile *p = new_profile();

	(void)state;
	wait_for(p, -1, 100, TIME_gil, "MainThread[7] health (GET /health)", "python3");
	expect(p, 0, "100 % (100.0 ms) waiting for the GIL, held by MainThread[7] health (GET /health): 1 wait", "waits",
	       "MainThread[7] health (GET /health)");
	profile_free(p);
}

static void test_loop_busy(void **state)
{
	struct profile *p = new_profile();
	struct loop_busy busy[] = {
		{.duration_ns = 70 * MS, .request = "GET /health", .function = "health", .file = "app/main.py", .line = 12},
		{.duration_ns = 30 * MS, .function = "digest", .file = "app/main.py", .line = 9, .gil = true},
	};

	(void)state;
	pass(p, TIME_loop_busy, 100);
	p->loop_busy = busy;
	p->n_loop_busy = 2;
	expect(p, 0, "100 % (100.0 ms) ready, but its event loop was busy with others: most, 70.0 ms, GET /health in health, app/main.py:12", "tree", "");
	p->n_loop_busy = 0;
	p->loop_busy = NULL;
	expect(p, 0, "100 % (100.0 ms) ready, but its event loop was busy with others", "", "");
	profile_free(p);
}

static void test_other_waits(void **state)
{
	static const struct {
		enum time_class cause;
		const char *text;
	} cases[] = {
		{TIME_sleep, "100 % (100.0 ms) sleeping: 1 wait"}, {TIME_page_fault, "100 % (100.0 ms) waiting for page faults: 1 wait"},
		{TIME_child, "100 % (100.0 ms) waiting for a child process: 1 wait"}, {TIME_ipc, "100 % (100.0 ms) waiting for a pipe or signal: 1 wait"},
		{TIME_other_wait, "100 % (100.0 ms) in other waits: 1 wait"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct profile *p = new_profile();

		wait_for(p, -1, 100, cases[i].cause, NULL, NULL);
		expect(p, 0, cases[i].text, "waits", "");
		profile_free(p);
	}
}

static void test_unknown(void **state)
{
	struct profile *p = new_profile();

	(void)state;
	pass(p, TIME_unknown, 100);
	p->time.ambiguous_ns = 60 * MS;
	p->time.in_flight_max = 3;
	expect(p, 0, "60 % (60.0 ms) ambiguous: the thread returned to its event loop and other work may have run; 2 other requests were in flight",
	       "about", "");
	expect(p, 1, "40 % (40.0 ms) unknown: no event says what happened then", "about", "");
	profile_free(p);
}

static void test_no_stack(void **state)
{
	struct profile *p = new_profile();

	(void)state;
	run(p, -1, 100, false);
	expect(p, 0, "100 % (100.0 ms) on CPU, stack unknown", "about", "");
	profile_free(p);
}

/* Parts that are too small for a sentence are named in the last. */
static void test_rest(void **state)
{
	struct profile *p = new_profile();

	(void)state;
	run(p, call(p, -1, "view", "/srv/app/views.py", 41, FRAME_python), 97, false);
	wait_for(p, -1, 1, TIME_network, "127.0.0.1:5432", NULL);
	pass(p, TIME_loop_busy, 1);
	pass(p, TIME_unknown, 1);
	expect(p, 1, "Remaining 3 %: network 1, loop busy 1, unknown 1", "", "");
	profile_free(p);
}

/* Threads that overlap: waits beside other work are told to be that. */
static void test_beside(void **state)
{
	struct profile *p = new_profile();
	int32_t view = call(p, -1, "view", "/srv/app/views.py", 41, FRAME_python);

	(void)state;
	wait_for(p, view, 70, TIME_network, "127.0.0.1:6379", "redis");
	run(p, view, 60, false);
	p->time.classes_ns[TIME_network] = 40 * MS;
	expect(p, 1, "40 % (40.0 ms) waiting for 127.0.0.1:6379 (redis, pid 913): 1 wait, from view, app/views.py:41; 70.0 ms in all, partly "
	       "beside other work of this request", "waits", "127.0.0.1:6379");
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_cpu), cmocka_unit_test(test_several_places), cmocka_unit_test(test_itself), cmocka_unit_test(test_callee),
		cmocka_unit_test(test_one_callee), cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_peer), cmocka_unit_test(test_unwoken), cmocka_unit_test(test_remote_peer),
		cmocka_unit_test(test_lock_and_file), cmocka_unit_test(test_machine),
		cmocka_unit_test(test_gil), cmocka_unit_test(test_loop_busy), cmocka_unit_test(test_other_waits), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_no_stack), cmocka_unit_test(test_rest), cmocka_unit_test(test_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
