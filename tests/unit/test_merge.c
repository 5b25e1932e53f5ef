/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several requests as one: what is summed, what is joined, whose facts are shown, what cannot be merged; and what a route is. Any profiles:
 * test_formats.c.
 *
 * links: profile/merge.c profile/join.c profile/route.c profile/profile.c profile/check.c profile/file.c profile/encode.c profile/decode.c
 * links: gen/profile.pb-c.c base/alloc.c
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
#include "profile/merge.h"
#include "profile/route.h"

static const char *why;

static void add_work(struct profile *p, struct work *w, int32_t tid, uint64_t cpu, uint64_t waited, int32_t stack)
{
	*work_add_thread(w) = (struct thread){1, tid, profile_string(p, "app"), NULL, cpu, waited, (int64_t)cpu};
	*work_add_sample(w) = (struct sample){cpu / 2, cpu, 0, -1, stack, 1, false, false};
	*work_add_wait(w) = (struct wait){
		cpu, waited, 0, 0, -1, stack, TIME_network, profile_string(p, "db:1"), true, {9, 9, profile_string(p, "db"), stack},
	};
}

/* A request that computes for `cpu`, waits for `waited`, and then does not know. */
static struct profile *make(const char *id, int64_t start, uint64_t cpu, uint64_t waited)
{
	struct profile *p = profile_new();
	int32_t frame = profile_frame(p, &(struct frame){"work", "a/b.py", "a", 7, FRAME_python, false});
	int32_t own = profile_frame(p, &(struct frame){id, "a/b.py", "a", 9, FRAME_python, false});
	int32_t stack = profile_stack(p, profile_stack(p, -1, frame), own);

	memcpy(p->request.id, id, 7);
	p->request.method = profile_string(p, "GET");
	p->request.target = profile_string(p, "/orders?profile=1");
	p->request.remote = profile_string(p, id);
	p->request.status = 200;
	p->request.start_ns = start;
	p->request.marks[p->request.n_marks++] = (struct mark){cpu, MARK_first_response_byte};
	p->time.wall_ns = cpu + waited + 10;
	p->time.classes_ns[TIME_cpu_user] = cpu;
	p->time.classes_ns[TIME_network] = waited;
	p->time.classes_ns[TIME_unknown] = 10;
	p->time.in_flight_max = waited;
	add_work(p, &p->work, 5, cpu, waited, stack);
	GROW(p->loop_busy, p->n_loop_busy, p->cap_loop_busy);
	p->loop_busy[p->n_loop_busy++] = (struct loop_busy){0, profile_string(p, "GET /x"), NULL, NULL, 0, false};
	p->lost.samples = 1;
	p->about.host = profile_string(p, waited > 50 ? "web2" : "web1");
	p->about.kernel = profile_string(p, "6.12");
	p->about.program = profile_string(p, waited > 50 ? "nginx" : "uvicorn");
	p->about.runtime = profile_string(p, waited > 50 ? NULL : "CPython 3.11");
	p->about.interval_ns = cpu;
	p->about.ticks = 1;
	return p;
}

struct three {
	struct profile *list[3];
};

static struct three three(void)
{
	return (struct three){{make("00000a", 300, 100, 80), make("00000b", 100, 100, 20), make("00000c", 200, 100, 40)}};
}

static struct profile *merge(const struct three *t, size_t n)
{
	return profile_merge((const struct profile *const *)t->list, n, &why);
}

static void release(struct three *t)
{
	for (size_t i = 0; i < 3; i++)
		profile_free(t->list[i]);
}

static void test_sums(void **state)
{
	struct three t = three();
	struct profile *p = merge(&t, 3);

	(void)state;
	release(&t); /* it shares nothing with them */
	assert_null(profile_check(p));
	assert_int_equal(p->time.wall_ns, 470);
	assert_int_equal(p->time.classes_ns[TIME_cpu_user], 300);
	assert_int_equal(p->time.classes_ns[TIME_network], 140);
	assert_int_equal(p->time.classes_ns[TIME_unknown], 30);
	assert_int_equal(p->time.in_flight_max, 80);
	assert_int_equal(p->lost.samples, 3);
	assert_int_equal(p->about.ticks, 3);
	assert_string_equal(p->about.host, "web2, web1");
	assert_string_equal(p->about.kernel, "6.12");
	assert_string_equal(p->about.program, "nginx, uvicorn");
	assert_string_equal(p->about.runtime, "CPython 3.11");
	profile_free(p);
}

static void test_tables(void **state)
{
	struct three t = three();
	struct profile *p = merge(&t, 3);

	(void)state;
	assert_int_equal(p->work.n_threads, 1); /* of one id and name */
	assert_int_equal(p->work.threads[0].cpu_ns, 300);
	assert_int_equal(p->work.threads[0].wait_ns, 140);
	assert_int_equal(p->work.threads[0].gil_held_ns, 300);
	assert_int_equal(p->n_frames, 4); /* "work" once */
	assert_int_equal(p->n_stacks, 4);
	assert_int_equal(p->n_loop_busy, 1);
	assert_int_equal(p->work.n_samples, 3);
	/* the median first, then as they began */
	assert_string_equal(p->frames[p->stacks[p->work.samples[0].stack].frame].function, "00000c");
	assert_string_equal(p->frames[p->stacks[p->work.samples[1].stack].frame].function, "00000b");
	assert_int_equal(p->work.samples[1].t, 150 + 50);
	assert_int_equal(p->work.waits[2].t, 150 + 130 + 100);
	assert_int_equal(p->work.waits[2].waker.stack, p->work.samples[2].stack);
	profile_free(p);
	release(&t);
}

static void test_median(void **state)
{
	struct three t = three();
	struct profile *p;

	(void)state;
	t.list[1]->request.end = END_CUT_OFF;
	t.list[1]->request.status = 0;
	p = merge(&t, 3);
	assert_string_equal(p->request.id, "00000c");
	assert_string_equal(p->request.remote, "00000c");
	assert_int_equal(p->request.marks[0].t, 100);
	assert_int_equal(p->request.end, END_CUT_OFF); /* the least certain */
	assert_int_equal(p->n_merged, 3);
	assert_string_equal(p->merged[0].id, "00000b");
	assert_int_equal(p->merged[0].status, 0);
	assert_int_equal(p->merged[0].end, END_CUT_OFF);
	assert_int_equal(p->merged[2].wall_ns, 190);
	profile_free(p);
	p = merge(&t, 2); /* the shorter of the two in the middle */
	assert_string_equal(p->request.id, "00000b");
	profile_free(p);
	release(&t);
}

static void test_after(void **state)
{
	struct three t = three();
	struct profile *p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		t.list[i]->after = xcalloc(1, sizeof *t.list[i]->after);
		add_work(t.list[i], t.list[i]->after, 8, 1000 - 900 * i, 1, 0);
	}
	p = merge(&t, 3);
	assert_null(profile_check(p)); /* in order, though the first one's end runs into the next one's */
	assert_int_equal(p->after->n_samples, 2);
	assert_int_equal(p->after->n_threads, 1);
	profile_free(p);
	release(&t);
}

static void test_file(void **state)
{
	struct three t = three();
	struct profile *p = merge(&t, 3), *read;
	_cleanup_free_ char *bytes = NULL;
	size_t n;
	FILE *f = open_memstream(&bytes, &n);

	(void)state;
	p->about.redacted = true;
	assert_int_equal(profile_write(p, f), 0);
	fclose(f);
	f = fmemopen(bytes, n, "r");
	read = profile_read(f, &why);
	fclose(f);
	assert_non_null(read);
	assert_int_equal(read->n_merged, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(read->merged[i].id, p->merged[i].id);
		assert_int_equal(read->merged[i].wall_ns, p->merged[i].wall_ns);
		assert_int_equal(read->merged[i].status, 200);
		assert_int_equal(read->merged[i].end, END_SEEN);
	}
	assert_true(read->about.redacted);
	profile_free(p);
	profile_free(read);
	release(&t);
}

static void test_promises(void **state)
{
	struct three t = three();
	struct profile *p = merge(&t, 3);

	(void)state;
	p->merged[0].wall_ns--;
	assert_string_equal(profile_check(p), "the merged requests do not sum to the wall time");
	p->merged[0].wall_ns++;
	memcpy(p->request.id, "abcdef", 7);
	assert_string_equal(profile_check(p), "the request is none of those that were merged");
	profile_free(p);
	release(&t);
}

static void test_refused(void **state)
{
	struct three t = three();
	struct profile *p = merge(&t, 2);

	(void)state;
	profile_free(t.list[0]);
	t.list[0] = p;
	assert_null(merge(&t, 3));
	assert_string_equal(why, "one of them is merged already: name its requests instead");
	t.list[1]->time.wall_ns = t.list[2]->time.wall_ns = INT64_MAX;
	assert_null(profile_merge((const struct profile *const *)t.list + 1, 2, &why));
	assert_string_equal(why, "together they last too long");
	release(&t);
}

static void test_routes(void **state)
{
	static const struct {
		const char *target, *route;
	} cases[] = {
		{"/orders?id=…", "GET /orders"}, {"/", "GET /"}, {"/?a=/b", "GET /"}, {"/orders/17/lines/3", "GET /orders/{id}/lines/{id}"},
		{"/v1/users", "GET /v1/users"}, {"/u/3f2a91bc-1111-2222-3333-0123456789ab/x", "GET /u/{id}/x"}, {"/o/0123456789abcdef", "GET /o/{id}"},
		{"/o/cafe", "GET /o/cafe"}, {"http://shop.example/a/1?b", "GET /a/{id}"}, {"http://shop.example", "GET /"}, {"*", "GET *"},
		{"/a//b/", "GET /a//b/"}, {"/x#y", "GET /x"}, {"1", "GET {id}"}, {NULL, "GET ?"}, {"", "GET /"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct profile p = {.request = {.method = "GET", .target = cases[i].target}};
		_cleanup_free_ char *route = profile_route(&p);

		assert_string_equal(route, cases[i].route);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums), cmocka_unit_test(test_tables), cmocka_unit_test(test_median), cmocka_unit_test(test_after),
		cmocka_unit_test(test_file), cmocka_unit_test(test_promises), cmocka_unit_test(test_refused), cmocka_unit_test(test_routes),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
