/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/confine.h"

/* Does not end with its parent: it writes what is there when the tracer dies, which the closed socket tells it. */
static int run_worker(const struct spawn *s, int sock, int questions)
{
	_cleanup_free_ int *keep = xcalloc(s->n_keep + 3, sizeof *keep);
	struct worker_options options = *s->worker;
	size_t n = s->n_keep;
	int r;

	/* Who may see the kernel's addresses is decided when the file is opened. */
	options.kallsyms_fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	memcpy(keep, s->keep, n * sizeof *keep);
	keep[n++] = sock;
	keep[n++] = questions;
	keep[n++] = options.kallsyms_fd;
	r = confine(s->owner, keep, n);
	if (r < 0) {
		log_error("the worker cannot give up its privileges: %s", strerror(-r));
		return EXIT_FAILED;
	}
	prctl(PR_SET_NAME, "reqprof-worker");
	if (*s->owner->home) /* where debug files are cached; sudo leaves root's */
		setenv("HOME", s->owner->home, 1);
	return worker_run(&options, sock, questions);
}

static int wait_for(pid_t worker)
{
	int status;

	while (waitpid(worker, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILED;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_error("the worker was ended by signal %d (%s): what it had not written is lost", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return EXIT_FAILED;
}

/* The tracer's end of the questions never makes it wait: whoever asks there may be under the control of a hostile file. */
static int make_sockets(int socks[2], int questions[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, questions))
		return -errno;
	return fcntl(questions[0], F_SETFL, O_NONBLOCK) ? -errno : 0;
}

static int start_and_trace(const struct spawn *s, int socks[2], int questions[2])
{
	pid_t pid = fork();
	int tracer, worker;

	if (pid < 0) {
		log_error("cannot start the worker: %s", strerror(errno));
		return EXIT_FAILED;
	}
	if (!pid)
		_exit(run_worker(s, socks[1], questions[1]));
	close(TAKE_FD(socks[1]));
	close(TAKE_FD(questions[1]));
	tracer = tracer_run(s->tracer, socks[0], questions[0], pid);
	close(TAKE_FD(socks[0]));
	close(TAKE_FD(questions[0]));
	worker = wait_for(pid);
	return tracer > worker ? tracer : worker;
}

int spawn(const struct spawn *s)
{
	int socks[2] = {-1, -1}, questions[2] = {-1, -1};
	int r = make_sockets(socks, questions), status = EXIT_FAILED;

	if (r)
		log_error("cannot make the sockets between tracer and worker: %s", strerror(-r));
	else
		status = start_and_trace(s, socks, questions);
	for (int i = 0; i < 2; i++) {
		cleanup_close(&socks[i]);
		cleanup_close(&questions[i]);
	}
	return status;
}
