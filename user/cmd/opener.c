/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/process.h"

#define PROGRAM "xdg-open"
#define ENVIRONMENT_MAX (1 << 20)

/* ---- the user's session ------------------------------------------------------------------------------------------ */

/* NAME=VALUE strings, each ended by NUL, of the process; NULL: not ours to read. The caller frees it. */
static char *read_environment(pid_t pid, size_t *ret_len)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/environ", pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *block = NULL;

	if (!f)
		return NULL;
	block = xcalloc(ENVIRONMENT_MAX + 1, 1);
	*ret_len = fread(block, 1, ENVIRONMENT_MAX, f);
	return *ret_len ? TAKE_PTR(block) : NULL;
}

/* sudo hides what leads to the user's session; the shell that called it, the first ancestor that we may read, has it. */
static bool take_session(void)
{
	for (pid_t pid = getppid(); pid > 1; pid = process_parent(pid)) {
		size_t len, at = 0;
		char *block = read_environment(pid, &len);

		if (!block)
			continue;
		clearenv();
		for (; at < len; at += strlen(block + at) + 1)
			putenv(block + at); /* the block stays for good */
		return true;
	}
	return false;
}

/* No such ancestor (pkexec, a service): what is there, and where a session of that user usually is. */
static void guess_session(const struct owner *owner)
{
	_cleanup_free_ char *runtime = xasprintf("/run/user/%u", owner->uid);
	_cleanup_free_ char *bus = xasprintf("unix:path=%s/bus", runtime);

	setenv("USER", owner->name, 1);
	setenv("LOGNAME", owner->name, 1);
	setenv("HOME", owner->home, 1);
	setenv("XDG_RUNTIME_DIR", runtime, 0);
	setenv("DBUS_SESSION_BUS_ADDRESS", bus, 0);
}

static bool has_display(void)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	return (x && *x) || (wayland && *wayland);
}

/* ---- the process ------------------------------------------------------------------------------------------------- */

static void run_program(const char *path)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	setsid(); /* ^C ends the recording, not the browser */
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	execlp(PROGRAM, PROGRAM, path, NULL);
	log_error("--open: cannot run " PROGRAM ": %s; the report is %s", strerror(errno), path);
	_exit(127);
}

static void serve(int fd)
{
	char path[PATH_MAX];
	ssize_t n;

	while ((n = read(fd, path, sizeof path - 1)) > 0) {
		path[n] = '\0';
		if (!fork())
			run_program(path);
	}
}

static void opener(const struct owner *owner, int fd)
{
	int r = owner_become(owner, true);

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGCHLD, SIG_IGN); /* nobody waits for the programs */
	if (r < 0) {
		log_error("--open: cannot become %s: %s", owner->name, strerror(-r));
		_exit(1);
	}
	if (!take_session())
		guess_session(owner);
	if (has_display())
		serve(fd);
	else
		log_info("--open: %s has no display here: see the report lines for the files", owner->name);
	_exit(0);
}

int opener_start(const struct owner *owner)
{
	int fds[2];
	pid_t pid;

	if (!owner->uid) {
		log_warn("--open: not as root; see the report lines for the files");
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return log_error("--open: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		close(fds[0]);
		opener(owner, fds[1]);
	}
	close(fds[1]);
	if (pid > 0)
		return fds[0];
	log_error("--open: cannot start a process: %s", strerror(errno));
	close(fds[0]);
	return -1;
}

void opener_send(int fd, const char *absolute_path)
{
	static time_t last; /* of this process, which is the only one that sends */
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec == last)
		return;
	last = now.tv_sec;
	if (send(fd, absolute_path, strlen(absolute_path), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EPIPE)
		log_warn("--open: %s: %s", absolute_path, strerror(errno));
}
