/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The model's tables, and .rp files: what is written is read back, what is damaged is refused.
 *
 * links: profile/file.c profile/encode.c profile/decode.c profile/profile.c profile/check.c gen/profile.pb-c.c base/alloc.c
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
#include "profile/file.h"

/* A small profile in which every table and member has something. */
static struct profile *example(void)
{
	struct profile *p = profile_new();
	int32_t frame = profile_frame(p, &(struct frame){"serialize", "app/views.py", "/usr/bin/app", 41, FRAME_native, false});
	int32_t inlined = profile_frame(p, &(struct frame){"encode", NULL, NULL, 0, FRAME_jit, true});
	int32_t root = profile_stack(p, -1, frame), leaf = profile_stack(p, root, inlined);
	struct request *r = &p->request;

	memcpy(r->id, "3f2a91", 7);
	r->method = profile_string(p, "GET");
	r->target = profile_string(p, "/orders?id=…");
	r->marker = profile_string(p, "profile=1");
	r->status = 200;
	r->pid = 42;
	r->start_ns = 1795000000123456789;
	r->utc_offset_s = -3600;
	r->end = END_INFERRED;
	r->marks[r->n_marks++] = (struct mark){7, MARK_head_read};
	p->time = (struct time_split){.wall_ns = 100, .socket_queue_ns = -1, .ambiguous_ns = 10, .in_flight_max = 3};
	p->time.classes_ns[TIME_cpu_user] = 60;
	p->time.classes_ns[TIME_network] = 30;
	p->time.classes_ns[TIME_unknown] = 10;
	*work_add_thread(&p->work) = (struct thread){42, 43, profile_string(p, "app"), NULL, 60, 30, -1};
	*work_add_sample(&p->work) = (struct sample){5, 60, 0, -1, leaf, 1, true, false};
	*work_add_wait(&p->work) = (struct wait){
		60, 30, 2, 0, -1, root, TIME_network, profile_string(p, "127.0.0.1:5432"), true, {913, 914, profile_string(p, "postgres"), -1},
	};
	p->lost.samples = 2;
	p->about.command = profile_string(p, "reqprof -p 42");
	p->about.program = profile_string(p, "uvicorn");
	p->about.runtime = profile_string(p, "CPython 3.11, uvloop");
	p->about.bound[1] = 1;
	GROW(p->about.executables, p->about.n_executables, p->about.cap_executables);
	p->about.executables[p->about.n_executables++] = (struct executable){profile_string(p, "/usr/bin/app"), NULL, 58511};
	GROW(p->about.truncations, p->about.n_truncations, p->about.cap_truncations);
	p->about.truncations[p->about.n_truncations++] = (struct truncation){profile_string(p, "deep"), 3};
	return p;
}

static size_t written(const struct profile *p, char **ret)
{
	size_t n;
	FILE *f = open_memstream(ret, &n);

	assert_int_equal(profile_write(p, f), 0);
	fclose(f);
	return n;
}

static struct profile *read_bytes(const char *bytes, size_t n, const char **why)
{
	FILE *f = fmemopen((void *)bytes, n ? n : 1, "r");
	struct profile *p;

	if (!n)
		fgetc(f);
	p = profile_read(f, why);
	fclose(f);
	return p;
}

static void equal_frames_and_stacks_are_one(void **state)
{
	struct profile *p = profile_new();
	struct frame f = {.function = "f", .kind = FRAME_native};
	char copy[] = "f";

	(void)state;
	assert_int_equal(profile_frame(p, &f), 0);
	f.function = copy;
	assert_int_equal(profile_frame(p, &f), 0);
	f.line = 2;
	assert_int_equal(profile_frame(p, &f), 1);
	assert_int_equal(profile_stack(p, -1, 0), 0);
	assert_int_equal(profile_stack(p, 0, 1), 1);
	assert_int_equal(profile_stack(p, 0, 1), 1);
	assert_ptr_equal(profile_string(p, "f"), p->frames[0].function);
	assert_null(profile_string(p, NULL));
	assert_string_equal(profile_string_n(p, "abc", 2), "ab");
	profile_free(p);
	profile_free(NULL);
}

static void what_is_written_is_read_back(void **state)
{
	struct profile *p = example(), *q;
	_cleanup_free_ char *bytes = NULL, *again = NULL;
	size_t n = written(p, &bytes);
	const char *why;

	(void)state;
	assert_null(profile_check(p));
	q = read_bytes(bytes, n, &why);
	assert_non_null(q);
	assert_string_equal(q->request.target, "/orders?id=…");
	assert_null(q->request.http_version);
	assert_int_equal(q->request.utc_offset_s, -3600);
	assert_int_equal(q->time.socket_queue_ns, -1);
	assert_int_equal(q->work.samples[0].stack, 1);
	assert_true(q->work.samples[0].kernel);
	assert_true(q->frames[1].inlined);
	assert_string_equal(q->work.waits[0].waker.comm, "postgres");
	assert_string_equal(q->about.program, "uvicorn");
	assert_string_equal(q->about.runtime, "CPython 3.11, uvloop");
	assert_null(q->about.executables[0].build_id);
	assert_int_equal(q->about.executables[0].rows, 58511);
	assert_int_equal(q->about.n_truncations, 1);
	assert_string_equal(q->about.truncations[0].reason, "deep");
	assert_int_equal(q->about.truncations[0].stacks, 3);
	/* Nothing was left out: the copy writes the same bytes. */
	assert_int_equal(written(q, &again), n);
	assert_memory_equal(again, bytes, n);
	profile_free(p);
	profile_free(q);
}

static void a_truncated_file_is_refused_at_every_length(void **state)
{
	struct profile *p = example();
	_cleanup_free_ char *bytes = NULL;
	size_t n = written(p, &bytes);
	const char *why;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_null(read_bytes(bytes, i, &why));
		assert_non_null(why);
	}
	profile_free(p);
}

static void a_damaged_file_is_refused(void **state)
{
	struct profile *p = example();
	_cleanup_free_ char *bytes = NULL;
	size_t n = written(p, &bytes);
	const char *why;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] ^= 1 << bit;
			assert_null(read_bytes(bytes, n, &why));
			bytes[i] ^= 1 << bit;
		}
	profile_free(p);
}

static void what_it_is_not_is_said(void **state)
{
	const char *why;
	char newer[24] = "reqprof\0\2", zeros[24] = {0};

	(void)state;
	assert_null(read_bytes(zeros, sizeof zeros, &why));
	assert_string_equal(why, "not a reqprof file");
	assert_null(read_bytes(newer, sizeof newer, &why));
	assert_string_equal(why, "made by a newer reqprof (format 2)");
	assert_null(read_bytes(newer, 10, &why));
	assert_string_equal(why, "truncated");
}

static void broken_promises_are_found(void **state)
{
	struct profile *p = example();

	(void)state;
	p->time.classes_ns[TIME_lock] = 1;
	assert_string_equal(profile_check(p), "the classes do not sum to the wall time");
	p->time.classes_ns[TIME_lock] = 0;
	p->stacks[0].parent = 0;
	assert_string_equal(profile_check(p), "a stack's parent does not stand before it");
	p->stacks[0].parent = -1;
	p->work.samples[0].weight_ns++;
	assert_string_equal(profile_check(p), "a thread's CPU time is not what its samples weigh");
	p->work.samples[0].weight_ns--;
	p->work.waits[0].runnable_ns = UINT64_MAX;
	assert_string_equal(profile_check(p), "a wait is outside the request");
	p->work.waits[0].runnable_ns = 2;
	p->work.waits[0].cause = TIME_cpu_user;
	assert_string_equal(profile_check(p), "a wait has no cause");
	p->work.waits[0].cause = TIME_lock;
	p->request.utc_offset_s = INT32_MIN;
	assert_string_equal(profile_check(p), "the start is no time of day");
	p->request.utc_offset_s = 0;
	p->request.start_ns = INT64_MIN;
	assert_string_equal(profile_check(p), "the start is no time of day");
	p->request.start_ns = 0;
	p->request.status = 1000;
	assert_string_equal(profile_check(p), "the status is not one of HTTP");
	p->request.status = 200;
	p->request.trace_id = "0123";
	assert_string_equal(profile_check(p), "the trace id is not 32 hex digits");
	p->request.trace_id = NULL;
	assert_null(profile_check(p));
	profile_free(p);
}

static void a_hundred_thousand_samples_stay_small(void **state)
{
	struct profile *p = example(), *q;
	_cleanup_free_ char *bytes = NULL;
	const char *why;
	size_t n;

	(void)state;
	for (int i = 0; i < 100000; i++)
		*work_add_sample(&p->work) = (struct sample){50 + i / 2000, 0, 0, -1, i % 2, 1, false, false};
	n = written(p, &bytes);
	q = read_bytes(bytes, n, &why);
	assert_non_null(q);
	assert_int_equal(q->work.n_samples, 100001);
	assert_true(n < 1 << 20);
	profile_free(p);
	profile_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_frames_and_stacks_are_one),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_truncated_file_is_refused_at_every_length),
		cmocka_unit_test(a_damaged_file_is_refused),
		cmocka_unit_test(what_it_is_not_is_said),
		cmocka_unit_test(broken_promises_are_found),
		cmocka_unit_test(a_hundred_thousand_samples_stay_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
