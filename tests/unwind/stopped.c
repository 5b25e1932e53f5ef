/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "stopped.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct thread {
	pid_t tid;
	uint64_t ran_ns;
};

struct threads {
	pid_t pid;
	struct thread *list;
	size_t n, cap;
	unsigned int calls;
};

struct threads *threads_open(pid_t pid)
{
	struct threads *t = xcalloc(1, sizeof *t);

	t->pid = pid;
	return t;
}

void threads_close(struct threads *t)
{
	free(t->list);
	free(t);
}

static uint64_t ran_ns(pid_t pid, pid_t tid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/task/%d/schedstat", pid, tid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	uint64_t ns;

	return f && fscanf(f, "%" SCNu64, &ns) == 1 ? ns : 0;
}

static uint64_t ran_before(const struct threads *t, pid_t tid)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].tid == tid)
			return t->list[i].ran_ns;
	return 0;
}

/* Those that there are now. Returns the one that has run most since the last time, 0 = there is none. */
static pid_t list_threads(struct threads *t)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/task", t->pid);
	struct threads now = {.pid = t->pid, .calls = t->calls};
	uint64_t most = 0;
	struct dirent *e;
	pid_t busiest = 0;
	DIR *d = opendir(path);

	while (d && (e = readdir(d))) {
		pid_t tid = atoi(e->d_name);
		uint64_t ran = tid ? ran_ns(t->pid, tid) : 0, growth = ran - ran_before(t, tid);

		if (!tid)
			continue;
		GROW(now.list, now.n, now.cap);
		now.list[now.n++] = (struct thread){tid, ran};
		if (!busiest || growth > most) {
			most = growth;
			busiest = tid;
		}
	}
	if (d)
		closedir(d);
	free(t->list);
	*t = now;
	return busiest;
}

pid_t threads_next(struct threads *t)
{
	pid_t busiest = list_threads(t);
	unsigned int call = t->calls++;

	return call % 2 && t->n ? t->list[call / 2 % t->n].tid : busiest;
}

bool thread_stop(pid_t tid, int *ret_signal)
{
	int status;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL))
		return false;
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) || waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status)) {
		ptrace(PTRACE_DETACH, tid, NULL, NULL);
		return false;
	}
	*ret_signal = status >> 16 ? 0 : WSTOPSIG(status); /* not an event: a signal, which is due to it */
	return true;
}

void thread_continue(pid_t tid, int signal)
{
	ptrace(PTRACE_DETACH, tid, NULL, (void *)(long)signal);
}
