/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose mappings explain a process, around fork, exec and exit.
 * links: capture/processes.c base/alloc.c base/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "capture/processes.h"

static int gone; /* the process whose mappings cannot be read */
static int reads;

int namer_add_process(struct namer *n, int pid)
{
	(void)n;
	reads++;
	return pid == gone ? -ESRCH : 0;
}

static void server_and_child(void **state)
{
	struct processes ps = {0};

	(void)state;
	gone = reads = 0;
	processes_add(&ps, NULL, 10);
	processes_add(&ps, NULL, 11);
	processes_add(&ps, NULL, 11);
	assert_int_equal(reads, 2);
	assert_int_equal(processes_maps(&ps, 10, false), 10);
	assert_int_equal(processes_maps(&ps, 11, false), 11);
	assert_int_equal(processes_maps(&ps, 12, false), 0);
	assert_true(processes_has(&ps, 11));
	assert_false(processes_has(&ps, 12));
	free(ps.list);
}

/* The mappings of a child that has called exec were its parent's before, whatever could be read meanwhile. */
static void child_calls_exec(void **state)
{
	struct processes ps = {0};

	(void)state;
	gone = 0;
	processes_add(&ps, NULL, 10);
	processes_add(&ps, NULL, 11);
	assert_int_equal(processes_maps(&ps, 11, true), 10);
	processes_exec(&ps, 11);
	assert_int_equal(processes_maps(&ps, 11, false), 11);
	assert_int_equal(processes_maps(&ps, 11, true), 11); /* a second exec: they were its own */
	free(ps.list);
}

static void server_calls_exec(void **state)
{
	struct processes ps = {0};

	(void)state;
	gone = 0;
	processes_add(&ps, NULL, 10);
	assert_int_equal(processes_maps(&ps, 10, true), 10);
	free(ps.list);
}

static void child_is_gone(void **state)
{
	struct processes ps = {0};

	(void)state;
	gone = 11;
	processes_add(&ps, NULL, 10);
	processes_add(&ps, NULL, 11);
	assert_int_equal(processes_maps(&ps, 11, false), 10);
	free(ps.list);
}

/* Once a child has become another program, a further one may be that one's: its mappings are not guessed. */
static void no_guess_after_exec(void **state)
{
	struct processes ps = {0};

	(void)state;
	gone = 12;
	processes_add(&ps, NULL, 10);
	processes_add(&ps, NULL, 11);
	processes_exec(&ps, 11);
	processes_add(&ps, NULL, 12);
	assert_int_equal(processes_maps(&ps, 12, false), 0);
	free(ps.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_and_child), cmocka_unit_test(child_calls_exec), cmocka_unit_test(server_calls_exec),
		cmocka_unit_test(child_is_gone), cmocka_unit_test(no_guess_after_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
