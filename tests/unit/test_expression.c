/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The expressions of `reqprof check`: what they mean, what they measure, what is refused.
 *
 * links: cmd/expression.c cmd/measure.c cmd/functions_named.c cmd/waits_named.c format/functions.c format/numbers.c
 * links: profile/profile.c profile/check.c base/alloc.c base/printable.c
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cmd/expression.h"

#define MS 1000000ULL

static struct profile *p;

static int32_t call(int32_t parent, const char *function, uint32_t line)
{
	return profile_stack(p, parent, profile_frame(p, &(struct frame){function, "app/x.py", NULL, line, FRAME_python, false}));
}

static void run(int32_t stack, uint64_t ms)
{
	*work_add_sample(&p->work) = (struct sample){p->work.n_samples, ms * MS, 0, -1, stack, 1, false, false};
	p->work.threads[0].cpu_ns += ms * MS;
}

static void wait_for(enum time_class cause, const char *object, uint64_t ms, uint64_t ready_ms)
{
	*work_add_wait(&p->work) = (struct wait){
		.t = p->work.n_waits, .duration_ns = ms * MS, .runnable_ns = ready_ms * MS, .task = -1, .stack = -1, .cause = cause,
		.object = profile_string(p, object),
	};
	p->work.threads[0].wait_ns += ms * MS;
}

/* 200 ms: 80 on the CPU, 100 in the network, 4 for the GIL, 6 ready, 10 awaiting. */
static int set_up(void **state)
{
	int32_t view, encode;

	(void)state;
	p = profile_new();
	memcpy(p->request.id, "3f2a91", 7);
	*work_add_thread(&p->work) = (struct thread){1, 1, "app", NULL, 0, 0, -1};
	view = call(-1, "view", 1);
	encode = call(call(view, "serialize", 41), "JSONEncoder.encode", 7);
	run(view, 10);
	run(encode, 30);
	run(call(encode, "serialize", 42), 15); /* it calls itself: counted once */
	run(call(view, "media::Server<int>::operator==(Request const&)", 9), 20);
	run(-1, 5);
	wait_for(TIME_network, "127.0.0.1:5432", 30, 2);
	wait_for(TIME_network, "127.0.0.1:5432", 50, 0);
	wait_for(TIME_network, "127.0.0.1:6379", 20, 4);
	wait_for(TIME_gil, NULL, 4, 0);
	GROW(p->tasks, p->n_tasks, p->cap_tasks);
	p->tasks[p->n_tasks++] = (struct task){"1", NULL};
	GROW(p->awaits, p->n_awaits, p->cap_awaits);
	p->awaits[p->n_awaits++] = (struct await){0, 12 * MS, 0, -1, TIME_network, profile_string(p, "127.0.0.1:5432"), 10 * MS};
	p->time = (struct time_split){.wall_ns = 200 * MS, .socket_queue_ns = -1, .in_flight_max = 2};
	p->time.classes_ns[TIME_cpu_user] = 78 * MS;
	p->time.classes_ns[TIME_cpu_kernel] = 2 * MS;
	p->time.classes_ns[TIME_network] = 100 * MS;
	p->time.classes_ns[TIME_gil] = 4 * MS;
	p->time.classes_ns[TIME_run_queue] = 6 * MS;
	p->time.classes_ns[TIME_suspended] = 10 * MS;
	p->request.status = 200;
	p->request.bytes_out = 48213;
	p->lost.stacks_truncated = 3;
	assert_null(profile_check(p));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	profile_free(p);
	return 0;
}

static bool holds(const char *text, char **ret_actual)
{
	struct expression e;
	char *why = NULL;
	bool result;

	if (expression_parse(text, &e, &why) < 0)
		fail_msg("%s: %s", text, why);
	result = expression_holds(&e, p, ret_actual);
	expression_clear(&e);
	return result;
}

static void test_measures(void **state)
{
	/* All of them hold, and would not with a value that is the least bit smaller. */
	static const char *const exact[] = {
		"wall==200ms", "cpu==80ms", "wait==120ms", "cpu(view)==75ms", "self(view)==10ms", "cpu(serialize)==45ms", "self(serialize)==15ms",
		"cpu(JSONEncoder.encode)==45ms", "cpu(encode)==45ms", "cpu(media::Server<int>::operator==(Request const&))==20ms",
		"cpu(operator==)==20ms", "self(Server<int>::operator==) == 20ms", "wait(network)==110ms", "wait(suspended)==10ms",
		"wait(gil)==4ms", "wait(127.0.0.1:5432)==90ms",
		"waits(127.0.0.1:5432)==3", "waits(127.0.0.1:5432).count==3", "waits(127.0.0.1:5432).median==30ms", "waits(127.0.0.1:5432).max==50ms",
		"waits(127.0.0.1:5432).total==92ms", "waits(127.0.0.1:6379).median==20ms", "waits(network)==4", "waits(network).max==50ms",
		"waits(run_queue)==2", "waits(run_queue).max==4ms", "waits(suspended)==1", "waits==5", "waits(disk)==0", "waits(disk).max==0ms",
		"network==100ms", "network==50%", "gil==2%", "run_queue==3 %", "unknown==0s", "status==200", "bytes_out==48213", "bytes_out==48213B",
		"bytes_out==48.213kB", "lost.stacks_truncated==3", "lost.samples==0", "in_flight==2", "threads==1", "samples==5", "cpu_kernel==2000us",
		"cpu_kernel==0.002s", " wall == 200000000ns ", "wait(run_queue)==3%", "ambiguous==0ms", "pipeline_queue==0ms",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(exact); i++) {
		_cleanup_free_ char *actual = NULL;

		if (!holds(exact[i], &actual))
			fail_msg("%s does not hold: %s", exact[i], actual);
	}
}

static void test_operators(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} cases[] = {
		{"wall<200ms", false}, {"wall<201ms", true}, {"wall<=200ms", true}, {"wall<=199.9ms", false}, {"wall>200ms", false},
		{"wall>199.999ms", true}, {"wall>=200ms", true}, {"wall>=0.2001s", false}, {"wall==200ms", true}, {"wall==201ms", false},
		{"network<50%", false}, {"network<=50%", true}, {"status<400", true}, {"status>=400", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *actual = NULL;

		if (holds(cases[i].text, &actual) != cases[i].holds)
			fail_msg("%s: %s", cases[i].text, actual);
	}
}

static void test_words(void **state)
{
	static const struct {
		const char *text, *actual;
	} cases[] = {
		{"wall<1ms", "200.0 ms"}, {"network<1%", "50.00 %"}, {"status==404", "200"}, {"bytes_out<1kB", "48213 B"}, {"unknown<1ms", "0 ms"},
		{"cpu(serialise)<1ms", "no function serialise in its stacks; there is serialize"},
		{"cpu(nothing_like_it)<1ms", "no function nothing_like_it in its stacks"},
		{"cpu(VIEW)<1ms", "no function VIEW in its stacks; there is view"},
		{"ttfb<1ms", "no byte of a response was seen"}, {"socket_queue<1ms", "it is unknown how long the request lay in its socket"},
		{"waits(10.0.0.1:1)<3", "0 (nothing waited for 10.0.0.1:1, but for 127.0.0.1:5432, 127.0.0.1:6379)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *actual = NULL;

		holds(cases[i].text, &actual);
		assert_string_equal(actual, cases[i].actual);
	}
}

/* What cannot be measured does not hold, and what may be more than was seen says so. */
static void test_uncertain(void **state)
{
	_cleanup_free_ char *missing = NULL, *lost = NULL, *cut = NULL, *sampled = NULL;

	(void)state;
	assert_false(holds("cpu(serialise)<1s", &missing));
	holds("cpu(serialize)<1s", &sampled);
	assert_non_null(strstr(sampled, "45.0 ± "));
	p->lost.waits = 2;
	holds("waits(network)<9", &lost);
	assert_string_equal(lost, "4 (at least: 2 waits were not recorded)");
	p->request.end = END_CUT_OFF;
	holds("wall<1s", &cut);
	assert_string_equal(cut, "200.0 ms (at least: the request was cut off)");
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"wall<200", "a time needs a unit"}, {"wall<200m", "a time needs a unit"}, {"wall<200kB", "a time needs a unit"}, {"wall<", "is no number"},
		{"wall<ms", "is no number"}, {"wall<1.ms", "a time needs a unit"}, {"wall<-1ms", "it must end in an operator"},
		{"wall", "it must end in an operator"},
		{"wall=1ms", "it must end in an operator"}, {"", "it must end in an operator"}, {"<1ms", "no such measure; there are: wall cpu"},
		{"walls<1ms", "no such measure"}, {"Wall<1ms", "no such measure"}, {"wall()<1ms", "wall() of what?"}, {"wall(x)<1ms", "wall takes nothing"},
		{"wall.max<1ms", "wall has no .max"}, {"waits.sum<1ms", "waits has no .sum, but: count total median max"},
		{"waits(network).max<3", "a time needs a unit"}, {"waits<3ms", "is no unit of a number"}, {"lost<1", "lost of what?"},
		{"lost.all<1", "lost has no .all"}, {"self<1ms", "self of which function?"}, {"cpu()<1ms", "cpu() of what?"},
		{"wait(cpu_user)<1ms", "write cpu_user"}, {"waits(loop_busy)<1", "write wait(loop_busy)"}, {"cpu(x)y<1ms", "what is meant by \"y\"?"},
		{"cpu(x<1ms", "what is meant by \"(x\"?"}, {"status==2e2", "is no unit of a number"}, {"status==50%", "is no unit of a number"},
		{"bytes_in<1ms", "is no unit of bytes"}, {"waits.<1", "waits has no ., but"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *why = NULL;
		struct expression e;

		assert_int_equal(expression_parse(cases[i].text, &e, &why), -EINVAL);
		if (!strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].text, why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_measures, set_up, tear_down), cmocka_unit_test_setup_teardown(test_operators, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_words, set_up, tear_down), cmocka_unit_test_setup_teardown(test_uncertain, set_up, tear_down),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("expression", tests, NULL, NULL);
}
