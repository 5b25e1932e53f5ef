/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A thread is marked from outside at the moment at which a program makes its first storage: the kernel refuses one of the two.
 *
 * bpf: tests/bpf/storage.bpf.c
 */
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/types.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage.skel.h"
#include "tracer/local_storage.h"

#define THREADS	    1000
#define MARK	    7
#define OF_A_THREAD O_EXCL /* PIDFD_THREAD, include/uapi/linux/pidfd.h (6.9) */

static struct storage *skel;
static int pidfd, phase;

static void wait_for(int wanted)
{
	while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) < wanted)
		sched_yield();
}

static void enter(int next)
{
	__atomic_store_n(&phase, next, __ATOMIC_RELEASE);
}

static void *make(void *arg)
{
	LIBBPF_OPTS(bpf_test_run_opts, none);

	pidfd = syscall(SYS_pidfd_open, gettid(), OF_A_THREAD);
	enter(1);
	wait_for(2);
	bpf_prog_test_run_opts(bpf_program__fd(skel->progs.make), &none);
	wait_for(3);
	return arg;
}

/* Sooner or later on the thread's way to its storage, by `late` rounds of nothing. */
static void mark_one(int late)
{
	int marks = bpf_map__fd(skel->maps.marks);
	uint32_t mark = MARK, seen = 0;
	pthread_t thread;

	phase = 0;
	assert_int_equal(pthread_create(&thread, NULL, make, NULL), 0);
	wait_for(1);
	assert_true(pidfd >= 0);
	enter(2);
	for (volatile int i = 0; i < late; i++)
		;
	assert_int_equal(local_storage_add(marks, pidfd, &mark), 0);
	assert_int_equal(bpf_map_lookup_elem(marks, &pidfd, &seen), 0);
	assert_int_equal(seen, MARK);
	enter(3);
	pthread_join(thread, NULL);
	close(pidfd);
}

static void a_thread_is_marked_whatever_it_runs(void **state)
{
	(void)state;
	for (int i = 0; i < THREADS; i++)
		mark_one(i % 20 * 40);
}

static void a_mark_is_not_set_twice(void **state)
{
	uint32_t mark = MARK;
	int self = syscall(SYS_pidfd_open, getpid(), 0);

	(void)state;
	assert_int_equal(local_storage_add(bpf_map__fd(skel->maps.marks), self, &mark), 0);
	assert_int_equal(local_storage_add(bpf_map__fd(skel->maps.marks), self, &mark), -EEXIST);
	close(self);
}

static int open_programs(void **state)
{
	(void)state;
	skel = storage__open_and_load();
	return skel ? 0 : -1;
}

static int close_programs(void **state)
{
	(void)state;
	storage__destroy(skel);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_is_marked_whatever_it_runs),
		cmocka_unit_test(a_mark_is_not_set_twice),
	};

	return cmocka_run_group_tests(tests, open_programs, close_programs);
}
