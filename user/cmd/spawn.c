/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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
static int run_worker(const struct spawn *s, int sock)
{
	_cleanup_free_ int *keep = xcalloc(s->n_keep + 2, sizeof *keep);
	struct worker_options options = *s->worker;
	size_t n = s->n_keep;
	int r;

	/* Who may see the kernel's addresses is decided when the file is opened. */
	options.kallsyms_fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	memcpy(keep, s->keep, n * sizeof *keep);
	keep[n++] = sock;
	keep[n++] = options.kallsyms_fd;
	r = confine(s->owner, keep, n);
	if (r < 0) {
		log_error("the worker cannot give up its privileges: %s", strerror(-r));
		return EXIT_FAILED;
	}
	prctl(PR_SET_NAME, "reqprof-worker");
	return worker_run(&options, sock);
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

int spawn(const struct spawn *s)
{
	int socks[2], tracer, worker;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks)) {
		log_error("cannot make the socket between tracer and worker: %s", strerror(errno));
		return EXIT_FAILED;
	}
	pid = fork();
	if (pid < 0) {
		log_error("cannot start the worker: %s", strerror(errno));
		return EXIT_FAILED;
	}
	if (!pid)
		_exit(run_worker(s, socks[1]));
	close(socks[1]);
	tracer = tracer_run(s->tracer, socks[0], pid);
	close(socks[0]);
	worker = wait_for(pid);
	return tracer > worker ? tracer : worker;
}
