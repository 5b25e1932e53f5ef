/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/page_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/process.h"
#include "cmd/confine.h"
#include "cmd/landlock.h"

#define ENVIRONMENT_MAX (1 << 18)
#define STOP_TRIES 200          /* 2 s */
#define STOP_TRY_US 10000

int page_prepare(struct server_options *ret, struct listen_address *at, const char *option)
{
	int r = access_token(ret->token);

	if (r < 0)
		return log_error("cannot serve: no random numbers: %s", strerror(-r));
	if (!listen_is_loopback(at) && gethostname(ret->name, sizeof ret->name - 1))
		ret->name[0] = '\0';
	ret->listener = listen_open(at, option);
	return ret->listener < 0 ? -1 : 0;
}

/* ---- what is said ------------------------------------------------------------------------------------------------- */

/* SSH_CONNECTION of the process; the caller frees it. NULL: it has none, or is not ours to look at. */
static char *connection_of(pid_t pid)
{
	static const char key[] = "SSH_CONNECTION=";
	_cleanup_free_ char *path = xasprintf("/proc/%d/environ", pid);
	_cleanup_free_ char *block = NULL;
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	size_t len;

	if (!f)
		return NULL;
	block = xcalloc(ENVIRONMENT_MAX + 1, 1);
	len = fread(block, 1, ENVIRONMENT_MAX, f);
	for (size_t at = 0; at < len; at += strlen(block + at) + 1)
		if (!strncmp(block + at, key, strlen(key)))
			return xstrdup(block + at + strlen(key));
	return NULL;
}

/* sudo leaves nothing of it: the shell that called it has it still. */
static char *ssh_connection(void)
{
	const char *own = getenv("SSH_CONNECTION");
	char *found = own ? xstrdup(own) : NULL;

	for (pid_t pid = getppid(); pid > 1 && !found; pid = process_parent(pid))
		found = connection_of(pid);
	return found;
}

char *page_announcement(const struct server_options *options, const struct listen_address *at, const struct owner *owner, const char *option)
{
	_cleanup_free_ char *url = listen_url(at, options->token, options->name);
	_cleanup_free_ char *connection = ssh_connection();
	_cleanup_free_ char *ssh = connection ? listen_ssh(at, connection, owner->name) : NULL;

	if (!listen_is_loopback(at))
		log_warn("%s: other machines can connect, and nothing is encrypted: whoever sees the URL sees the reports; "
			 "on 127.0.0.1 they stay on this machine, and `ssh -L` leads there", option);
	return xasprintf("reports: %s  (newest: …/newest)\n%s%s%s", url, ssh ? "over ssh: run `" : "", ssh ? ssh : "",
			 ssh ? "` where you are, then open that URL there\n" : "");
}

/* ---- the process -------------------------------------------------------------------------------------------------- */

static int run_process(const struct server_options *options, int dir, const struct owner *owner, int stop)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE};
	struct server_options own = *options;
	const int keep[] = {own.listener, dir, stop};
	int r;

	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	r = confine(owner, keep, ARRAY_LEN(keep));
	if (r < 0) {
		log_error("the process that serves the reports cannot give up its privileges: %s", strerror(-r));
		return 1;
	}
	landlock_read_only(dir); /* where the kernel can: beyond what it could not do anyway */
	prctl(PR_SET_NAME, "reqprof-page");
	own.dir = dir;
	own.stop = stop;
	return server_run(&own) ? 1 : 0;
}

int page_start(struct page_process *ret, const struct server_options *options, int dir, const struct owner *owner)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return log_error("cannot serve the reports: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		close(fds[1]);
		_exit(run_process(options, dir, owner, fds[0]));
	}
	close(fds[0]);
	close(options->listener);
	if (pid < 0) {
		close(fds[1]);
		return log_error("cannot start a process to serve the reports: %s", strerror(errno));
	}
	*ret = (struct page_process){pid, fds[1]};
	return 0;
}

/* It ends by itself when `alive` is closed, within some ms: true. */
static bool ends(pid_t pid, int *ret_status)
{
	for (int i = 0; i < STOP_TRIES; i++) {
		if (waitpid(pid, ret_status, WNOHANG))
			return true;
		usleep(STOP_TRY_US);
	}
	return false;
}

void page_stop(struct page_process *page)
{
	int status = 0;

	if (page->alive >= 0)
		close(TAKE_FD(page->alive));
	if (!page->pid)
		return;
	if (!ends(page->pid, &status)) {
		log_error("the process that serves the reports does not end: it is killed; the reports are written");
		kill(page->pid, SIGKILL);
		while (waitpid(page->pid, &status, 0) < 0 && errno == EINTR)
			;
	} else if (WIFSIGNALED(status)) {
		log_error("the process that served the reports was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	}
	page->pid = 0;
}
