/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who is behind sudo, and the worker's walls. As root the owner is uid 65534; as somebody else what root alone can drop is not there to
 * begin with.
 * links: cmd/owner.c cmd/confine.c cmd/quantity.c base/alloc.c base/descriptors.c base/log.c
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
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

#include "cmd/confine.h"
#include "cmd/owner.h"

#define NOBODY 65534

static void set_environment(const char *uid, const char *gid, const char *pkexec, const char *doas)
{
	const char *const variables[][2] = {{"SUDO_UID", uid}, {"SUDO_GID", gid}, {"PKEXEC_UID", pkexec}, {"DOAS_USER", doas}};

	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
		unsetenv(variables[i][0]);
		if (variables[i][1])
			setenv(variables[i][0], variables[i][1], 1);
	}
}

static struct owner find(void)
{
	struct owner o;

	assert_int_equal(owner_find(&o), 0);
	return o;
}

/* For anybody but root the environment says nothing. */
static void assert_owner(uid_t uid, gid_t gid)
{
	struct owner o = find();

	assert_int_equal(o.uid, getuid() ? getuid() : uid);
	assert_int_equal(o.gid, getuid() ? getgid() : gid);
	assert_true(o.name[0]);
}

static void test_nobody_behind(void **state)
{
	(void)state;
	set_environment(NULL, NULL, NULL, NULL);
	assert_owner(0, 0);
}

static void test_sudo(void **state)
{
	(void)state;
	set_environment("65534", "65534", NULL, NULL);
	assert_owner(65534, 65534);
	set_environment("65534", NULL, NULL, NULL);
	assert_owner(65534, 65534);
	set_environment("4242", "4243", NULL, NULL); /* of no user database */
	assert_owner(4242, 4243);
	set_environment("0", "0", NULL, NULL);
	assert_owner(0, 0);
	set_environment("65534", "65534", "0", "root");
	assert_owner(65534, 65534);
}

static void test_others(void **state)
{
	(void)state;
	set_environment(NULL, NULL, "65534", NULL);
	assert_owner(65534, 65534);
	set_environment(NULL, NULL, NULL, "nobody");
	assert_owner(65534, 65534);
}

static void test_nonsense(void **state)
{
	static const char *const wrong[] = {"", "x", "-1", "4294967295", "65534x", "424242"};
	int err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY), expected = getuid() ? 0 : -EINVAL;
	struct owner o;

	(void)state;
	dup2(null, STDERR_FILENO);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		set_environment(wrong[i], NULL, NULL, NULL);
		assert_int_equal(owner_find(&o), expected);
		set_environment(NULL, NULL, NULL, *wrong[i] ? wrong[i] : "no such user");
		assert_int_equal(owner_find(&o), expected);
	}
	dup2(err, STDERR_FILENO);
	close(err);
	close(null);
}

static void test_assume_and_resign(void **state)
{
	struct owner o = {.uid = getuid() ? getuid() : NOBODY, .gid = getuid() ? getgid() : NOBODY};
	uid_t before = geteuid();

	(void)state;
	assert_int_equal(owner_assume(&o), 0);
	assert_int_equal(geteuid(), o.uid);
	assert_int_equal(getegid(), o.gid);
	assert_int_equal(owner_resign(&o), 0);
	assert_int_equal(geteuid(), before);
	assert_int_equal(getegid(), getgid());
}

/* ---- confine, in a child: what it then finds of itself goes to the parent as text -------------------------------- */

static void copy_file(const char *path, int to)
{
	char buffer[8192];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, buffer, sizeof buffer);

	if (n > 0 && write(to, buffer, n) != n)
		_exit(1);
	close(fd);
}

static void report(int to, int kept, int closed)
{
	bool is_kept = fcntl(kept, F_GETFD) >= 0, is_closed = fcntl(closed, F_GETFD) < 0;
	struct rlimit core, files;

	getrlimit(RLIMIT_CORE, &core);
	getrlimit(RLIMIT_NOFILE, &files);
	dprintf(to, "kept %d closed %d core %llu files %d dumpable-mem %d root %d\n", is_kept, is_closed,
		(unsigned long long)core.rlim_max, files.rlim_max <= 2048, open("/proc/self/mem", O_RDONLY) >= 0, setuid(0) == 0);
	copy_file("/proc/self/status", to);
}

static char *confined(const struct owner *o)
{
	static char text[16384];
	int fds[2], kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY), status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		int keep[] = {kept, -1, fds[1]};

		if (confine(o, keep, 3))
			_exit(1);
		report(fds[1], kept, closed);
		_exit(0);
	}
	close(fds[1]);
	while ((got = read(fds[0], text + n, sizeof text - 1 - n)) > 0)
		n += got;
	text[n] = '\0';
	close(fds[0]);
	close(kept);
	close(closed);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return text;
}

static void assert_line(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void assert_confined(const struct owner *o)
{
	char *text = confined(o), line[100];

	assert_line(text, "kept 1 closed 1 core 0 files 1");
	assert_line(text, "CapInh:\t0000000000000000\n");
	assert_line(text, "CapPrm:\t0000000000000000\n");
	assert_line(text, "CapEff:\t0000000000000000\n");
	assert_line(text, "CapAmb:\t0000000000000000\n");
	assert_line(text, "NoNewPrivs:\t1\n");
	snprintf(line, sizeof line, "Uid:\t%u\t%u\t%u\t%u\n", o->uid, o->uid, o->uid, o->uid);
	assert_line(text, line);
	snprintf(line, sizeof line, "Gid:\t%u\t%u\t%u\t%u\n", o->gid, o->gid, o->gid, o->gid);
	assert_line(text, line);
	if (geteuid())
		return;
	assert_line(text, "CapBnd:\t0000000000000000\n");
	assert_line(text, "Groups:\t \n");
}

static void test_confine_user(void **state)
{
	struct owner o = {.uid = geteuid() ? geteuid() : NOBODY, .gid = geteuid() ? getegid() : NOBODY, .name = "somebody"};

	(void)state;
	assert_confined(&o);
	assert_line(confined(&o), "dumpable-mem 0 root 0");
}

/* Root behind nobody stays uid 0, but can nothing. */
static void test_confine_self(void **state)
{
	struct owner o;

	(void)state;
	set_environment(NULL, NULL, NULL, NULL);
	o = find();
	assert_confined(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_behind),
		cmocka_unit_test(test_sudo),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_assume_and_resign),
		cmocka_unit_test(test_confine_user),
		cmocka_unit_test(test_confine_self),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
