/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Breakpoints that are in a process only while they are needed: the byte in its memory, and what the BPF programs are told. The kernel's part, to
 * write the breakpoint of a uprobe, is done by the test; what a uprobe sees of it is tests/integration/python_probe.t.
 *
 * links: tracer/breakpoints.c base/alloc.c base/log.c
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "reqprof.h"
#include "tracer/breakpoints.h"

#define PUSH 0x55
#define INT3 0xcc

static struct {
	uint32_t states[RP_PROBES_MAX];
	uint32_t live;
	struct breakpoints *breakpoints;
} here, other; /* two programs that record the same process */

static uint8_t *code;   /* of the child, at the same address here */
static pid_t child;
static int memory;

static uint8_t byte(void)
{
	uint8_t b;

	assert_int_equal(pread(memory, &b, 1, (uintptr_t)code), 1);
	return b;
}

static void write_code(uint8_t b)
{
	assert_int_equal(pwrite(memory, &b, 1, (uintptr_t)code), 1);
}

static int begin(void **state)
{
	char path[32];

	(void)state;
	code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*code = PUSH;
	mprotect(code, 4096, PROT_READ | PROT_EXEC);
	child = fork();
	if (!child)
		for (;;)
			pause();
	snprintf(path, sizeof path, "/proc/%d/mem", child);
	memory = open(path, O_RDWR);
	here.live = other.live = 0;
	here.breakpoints = breakpoints_new(here.states, &here.live);
	other.breakpoints = breakpoints_new(other.states, &other.live);
	return memory < 0;
}

static int end(void **state)
{
	(void)state;
	breakpoints_free(here.breakpoints);
	breakpoints_free(other.breakpoints);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(memory);
	munmap(code, 4096);
	return 0;
}

/* As the tracer does, the kernel in between. */
static uint32_t attach(struct breakpoints *bs, const char **ret_why)
{
	struct breakpoint_place place;

	breakpoint_look(&place, child, (uintptr_t)code);
	write_code(INT3);
	return breakpoint_add(bs, &place, ret_why);
}

static uint32_t attach_well(struct breakpoints *bs)
{
	const char *why = "";
	uint32_t number = attach(bs, &why);

	assert_null(why);
	assert_int_not_equal(number, 0);
	return number;
}

static void while_requests_are_live(void **state)
{
	uint32_t number = attach_well(here.breakpoints);

	(void)state;
	breakpoints_take_out(here.breakpoints); /* nobody would put it in again */
	assert_int_equal(byte(), INT3);
	assert_int_equal(here.states[number], RP_PROBE_IN);
	breakpoints_enable(here.breakpoints);
	assert_int_equal(byte(), PUSH);
	assert_int_equal(here.states[number], RP_PROBE_OUT);
	here.live = 1;
	breakpoint_put_in(here.breakpoints, number);
	assert_int_equal(byte(), INT3);
	assert_int_equal(here.states[number], RP_PROBE_IN);
	breakpoints_take_out(here.breakpoints); /* one has begun meanwhile */
	assert_int_equal(byte(), INT3);
	assert_int_equal(here.states[number], RP_PROBE_IN);
	here.live = 0;
	breakpoints_take_out(here.breakpoints);
	assert_int_equal(byte(), PUSH);
	assert_int_equal(here.states[number], RP_PROBE_OUT);
}

static void a_process_that_comes_later(void **state)
{
	uint32_t number;

	(void)state;
	breakpoints_enable(here.breakpoints);
	number = attach_well(here.breakpoints);
	assert_int_equal(byte(), PUSH);
	assert_int_equal(here.states[number], RP_PROBE_OUT);
	here.live = 1;
	breakpoints_remove(here.breakpoints, child);
	assert_int_equal(here.states[number], RP_PROBE_IN);
	number = attach_well(here.breakpoints);
	assert_int_equal(byte(), INT3);
	assert_int_equal(here.states[number], RP_PROBE_IN);
}

/* Without a uprobe a breakpoint is the end of the process. */
static void not_without_a_uprobe(void **state)
{
	uint32_t number = attach_well(here.breakpoints);

	(void)state;
	breakpoints_enable(here.breakpoints);
	breakpoints_remove(here.breakpoints, child);
	breakpoint_put_in(here.breakpoints, number);
	breakpoint_put_in(here.breakpoints, 0);
	breakpoint_put_in(here.breakpoints, RP_PROBES_MAX);
	assert_int_equal(byte(), PUSH);
	number = attach_well(here.breakpoints);
	write_code(PUSH + 1); /* something else is there now */
	breakpoint_put_in(here.breakpoints, number);
	assert_int_equal(byte(), PUSH + 1);
	assert_int_equal(here.states[number], RP_PROBE_OUT);
}

static void two_programs(void **state)
{
	uint32_t number = attach_well(here.breakpoints), number_2;

	(void)state;
	breakpoints_enable(here.breakpoints);
	number_2 = attach_well(other.breakpoints);
	here.live = other.live = 1;
	breakpoint_put_in(here.breakpoints, number);
	here.live = 0;
	breakpoints_take_out(here.breakpoints); /* the other has not said yet that it could do without */
	assert_int_equal(byte(), INT3);
	breakpoints_enable(other.breakpoints);
	assert_int_equal(byte(), INT3);
	other.live = 0;
	breakpoints_take_out(other.breakpoints);
	assert_int_equal(byte(), PUSH);
	here.live = 1;
	breakpoint_put_in(here.breakpoints, number);
	breakpoint_put_in(other.breakpoints, number_2);
	here.live = 0;
	breakpoints_take_out(here.breakpoints);
	assert_int_equal(byte(), INT3);
	breakpoints_take_out(other.breakpoints);
	assert_int_equal(byte(), PUSH);
	assert_int_equal(here.states[number], RP_PROBE_OUT);
	assert_int_equal(other.states[number_2], RP_PROBE_OUT);
}

/* One that is there already is not ours to take out; who relies on it keeps the others from doing so. */
static void somebody_elses(void **state)
{
	uint32_t number, number_2;
	const char *why = NULL;

	(void)state;
	number_2 = attach_well(other.breakpoints);
	breakpoints_enable(here.breakpoints);
	number = attach(here.breakpoints, &why);
	assert_non_null(why);
	assert_int_equal(byte(), INT3);
	assert_int_equal(here.states[number], RP_PROBE_IN);
	breakpoints_enable(other.breakpoints);
	assert_int_equal(byte(), INT3);
	breakpoint_put_in(other.breakpoints, number_2);
	breakpoints_take_out(here.breakpoints);
	assert_int_equal(byte(), INT3);
	breakpoints_remove(here.breakpoints, child);
	breakpoints_take_out(other.breakpoints);
	assert_int_equal(byte(), PUSH);
}

/* Another kind of program attaches a uprobe while ours is out: the kernel puts its breakpoint in. */
static void somebody_elses_that_comes_later(void **state)
{
	uint32_t number = attach_well(here.breakpoints), number_2;

	(void)state;
	breakpoints_enable(here.breakpoints);
	number_2 = attach_well(other.breakpoints);
	breakpoints_enable(other.breakpoints);
	assert_int_equal(byte(), PUSH);
	write_code(INT3);
	breakpoints_take_out(here.breakpoints);
	assert_int_equal(byte(), INT3);
	here.live = 1;
	breakpoint_put_in(here.breakpoints, number);
	assert_int_equal(here.states[number], RP_PROBE_IN);
	here.live = 0;
	breakpoints_take_out(here.breakpoints);
	assert_int_equal(byte(), INT3);
	assert_int_equal(here.states[number], RP_PROBE_IN);
	other.live = 1;
	breakpoint_put_in(other.breakpoints, number_2);
	other.live = 0;
	breakpoints_take_out(other.breakpoints); /* nor does the other one */
	assert_int_equal(byte(), INT3);
	breakpoints_remove(here.breakpoints, child);
	breakpoints_remove(other.breakpoints, child);
	assert_int_equal(byte(), INT3);
}

static void one_of_two_ends(void **state)
{
	uint32_t number = attach_well(here.breakpoints), number_2;

	(void)state;
	breakpoints_enable(here.breakpoints);
	number_2 = attach_well(other.breakpoints);
	breakpoints_enable(other.breakpoints);
	other.live = 1;
	breakpoint_put_in(other.breakpoints, number_2);
	breakpoints_remove(other.breakpoints, child);
	assert_int_equal(byte(), PUSH);
	here.live = 1;
	breakpoint_put_in(here.breakpoints, number);
	assert_int_equal(byte(), INT3);
	here.live = 0;
	breakpoints_take_out(here.breakpoints); /* what the other has left does not count as a third one's */
	assert_int_equal(byte(), PUSH);
}

/* What comes while ours is out is not touched when we end. */
static void it_ends_before_it_is_seen(void **state)
{
	(void)state;
	attach_well(here.breakpoints);
	breakpoints_enable(here.breakpoints);
	write_code(INT3);
	breakpoints_remove(here.breakpoints, child);
	assert_int_equal(byte(), INT3);
}

static void where_it_cannot_be(void **state)
{
	struct breakpoint_place place;
	const char *why = NULL;
	uint32_t number;

	(void)state;
	breakpoints_enable(here.breakpoints);
	breakpoint_look(&place, child, (uintptr_t)code); /* no uprobe has come */
	number = breakpoint_add(here.breakpoints, &place, &why);
	assert_non_null(why);
	assert_int_equal(here.states[number], RP_PROBE_IN);
	why = NULL;
	breakpoint_look(&place, INT32_MAX, (uintptr_t)code);
	breakpoint_add(here.breakpoints, &place, &why);
	assert_non_null(why);
	breakpoint_look(&place, child, (uintptr_t)code);
	breakpoint_leave(&place);
	assert_int_equal(place.memory, -1);
	assert_int_equal(byte(), PUSH);
}

static void more_than_there_is_room_for(void **state)
{
	const char *why = NULL;

	(void)state;
	for (uint32_t i = 1; i < RP_PROBES_MAX; i++)
		assert_int_not_equal(attach(here.breakpoints, &why), 0);
	assert_int_equal(attach(here.breakpoints, &why), 0);
	assert_non_null(why);
	breakpoints_remove(here.breakpoints, child);
	write_code(PUSH);
	attach_well(here.breakpoints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(while_requests_are_live, begin, end),
		cmocka_unit_test_setup_teardown(a_process_that_comes_later, begin, end),
		cmocka_unit_test_setup_teardown(not_without_a_uprobe, begin, end),
		cmocka_unit_test_setup_teardown(two_programs, begin, end),
		cmocka_unit_test_setup_teardown(somebody_elses, begin, end),
		cmocka_unit_test_setup_teardown(somebody_elses_that_comes_later, begin, end),
		cmocka_unit_test_setup_teardown(one_of_two_ends, begin, end),
		cmocka_unit_test_setup_teardown(it_ends_before_it_is_seen, begin, end),
		cmocka_unit_test_setup_teardown(where_it_cannot_be, begin, end),
		cmocka_unit_test_setup_teardown(more_than_there_is_room_for, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
