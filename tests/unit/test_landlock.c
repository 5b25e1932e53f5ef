/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * In a child each: what is restricted stays so.
 * links: cmd/landlock.c
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/landlock.h"

static char place[] = "/tmp/reqprof-test-XXXXXX";

/* The exit status of `what` in a child that is restricted to `place`; 99: the kernel cannot. */
static int restricted(int (*what)(int dir))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int dir = open(place, O_RDONLY | O_DIRECTORY), r;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		r = landlock_read_only(dir);
		_exit(r == -ENOSYS || r == -EOPNOTSUPP ? 99 : r ? 98 : what(dir));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 99)
		skip();
	return WEXITSTATUS(status);
}

static int read_inside(int dir)
{
	int fd = openat(dir, "file", O_RDONLY), list = openat(dir, ".", O_RDONLY | O_DIRECTORY);

	return fd < 0 || list < 0 ? errno : 0;
}

static int read_outside(int dir)
{
	(void)dir;
	return open("/etc/passwd", O_RDONLY) < 0 ? errno : 0;
}

static int read_above(int dir)
{
	return openat(dir, "../", O_RDONLY | O_DIRECTORY) < 0 ? errno : 0;
}

static int write_inside(int dir)
{
	return openat(dir, "file", O_WRONLY) < 0 ? errno : 0;
}

static int make_inside(int dir)
{
	return openat(dir, "new", O_WRONLY | O_CREAT, 0600) < 0 ? errno : 0;
}

static int remove_inside(int dir)
{
	return unlinkat(dir, "file", 0) ? errno : 0;
}

static int run_program(int dir)
{
	(void)dir;
	execl("/bin/true", "true", NULL);
	return errno;
}

static void test_files(void **state)
{
	(void)state;
	assert_int_equal(restricted(read_inside), 0);
	assert_int_equal(restricted(read_outside), EACCES);
	assert_int_equal(restricted(read_above), EACCES);
	assert_int_equal(restricted(write_inside), EACCES);
	assert_int_equal(restricted(make_inside), EACCES);
	assert_int_equal(restricted(remove_inside), EACCES);
	assert_int_equal(restricted(run_program), EACCES);
}

static int connect_somewhere(int dir)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)dir;
	return connect(fd, (struct sockaddr *)&address, sizeof address) ? errno : 0;
}

/* Before 6.7 the kernel says that nobody listens there. */
static void test_network(void **state)
{
	int e = restricted(connect_somewhere);

	(void)state;
	assert_true(e == EACCES || e == ECONNREFUSED);
}

static int make_place(void **state)
{
	int dir;

	(void)state;
	if (!mkdtemp(place))
		return -1;
	dir = open(place, O_RDONLY | O_DIRECTORY);
	close(openat(dir, "file", O_WRONLY | O_CREAT, 0600));
	return close(dir);
}

static int remove_place(void **state)
{
	int dir = open(place, O_RDONLY | O_DIRECTORY);

	(void)state;
	unlinkat(dir, "file", 0);
	close(dir);
	return rmdir(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_network),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
