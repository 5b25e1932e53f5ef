/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * links: cmd/pids.c cmd/quantity.c base/alloc.c base/log.c base/process.c
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/process.h"
#include "cmd/pids.h"

struct list {
	pid_t *pids;
	size_t n, cap;
};

static void test_parse(void **state)
{
	struct list l = {0};

	(void)state;
	assert_int_equal(pids_parse("1,2,4194304", &l.pids, &l.n, &l.cap), 0);
	assert_int_equal(pids_parse("7", &l.pids, &l.n, &l.cap), 0);
	assert_int_equal(l.n, 4);
	assert_int_equal(l.pids[2], 4194304);
	assert_int_equal(l.pids[3], 7);
	free(l.pids);
}

static void test_no_list(void **state)
{
	static const char *const wrong[] = {"", ",", "1,", ",1", "1,,2", "0", "-1", "1 2", "x", "2147483648"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct list l = {0};

		if (pids_parse(wrong[i], &l.pids, &l.n, &l.cap) != -EINVAL)
			fail_msg("\"%s\" was taken", wrong[i]);
		free(l.pids);
	}
}

/* A child that waits, named so that a naive reader of /proc/PID/stat takes its name for the end. */
static pid_t start_child(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "a) Z 1 (b");
		pause();
		_exit(0);
	}
	return pid;
}

static int resolve_quietly(pid_t *pids, size_t *n)
{
	int err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY), r;

	dup2(null, STDERR_FILENO);
	r = pids_resolve(pids, n);
	dup2(err, STDERR_FILENO);
	close(err);
	close(null);
	return r;
}

static int resolve_one(pid_t pid)
{
	size_t n = 1;

	return resolve_quietly(&pid, &n);
}

static void test_stat(void **state)
{
	pid_t child = start_child();
	struct process_stat stat;

	(void)state;
	usleep(50000);
	assert_int_equal(process_stat(child, &stat), 0);
	assert_int_equal(stat.parent, getpid());
	assert_int_equal(stat.state, 'S');
	assert_int_equal(process_parent(child), getpid());
	assert_int_equal(resolve_one(child), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(process_parent(child), 0);
}

static void test_refused(void **state)
{
	pid_t child = fork();
	siginfo_t info;

	(void)state;
	if (!child)
		_exit(0);
	waitid(P_PID, child, &info, WEXITED | WNOWAIT);
	assert_int_equal(resolve_one(child), -ESRCH); /* a zombie */
	waitpid(child, NULL, 0);
	assert_int_equal(resolve_one(child), -ESRCH);
	assert_int_equal(resolve_one(getpid()), -EINVAL);
	assert_int_equal(resolve_one(4194304 + 1), -ESRCH);
}

/* The first kernel thread is 2 wherever kernel threads can be seen. */
static void test_kernel_thread(void **state)
{
	struct process_stat stat;

	(void)state;
	assert_int_equal(resolve_one(2), process_stat(2, &stat) ? -ESRCH : -EINVAL);
}

static void *wait_for_end(void *release)
{
	char c;

	return read(*(int *)release, &c, 1) < 0 ? release : NULL;
}

/* A child with a second thread; tells its thread's id. */
static pid_t start_threads(pid_t *ret_tid)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		pthread_t thread;
		int release[2];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (pipe(release) || pthread_create(&thread, NULL, wait_for_end, &release[0]))
			_exit(1);
		/* The ids of this process's threads follow each other but for other processes' luck: ask. */
		for (pid_t tid = getpid() + 1; tid < getpid() + 100000; tid++) {
			char path[64];

			snprintf(path, sizeof path, "/proc/self/task/%d", tid);
			if (access(path, F_OK))
				continue;
			if (write(fds[1], &tid, sizeof tid) == sizeof tid)
				pause();
		}
		_exit(1);
	}
	assert_int_equal(read(fds[0], ret_tid, sizeof *ret_tid), sizeof *ret_tid);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void test_threads_and_repetitions(void **state)
{
	pid_t tid = 0, pid = start_threads(&tid), other = start_child(), pids[] = {tid, other, pid, other};
	size_t n = 4;

	(void)state;
	assert_int_equal(resolve_quietly(pids, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(pids[0], pid);
	assert_int_equal(pids[1], other);
	kill(pid, SIGKILL);
	kill(other, SIGKILL);
	waitpid(pid, NULL, 0);
	waitpid(other, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_kernel_thread),
		cmocka_unit_test(test_threads_and_repetitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
