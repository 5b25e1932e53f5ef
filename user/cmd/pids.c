/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/pids.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/process.h"
#include "cmd/quantity.h"

int pids_parse(const char *arg, pid_t **pids, size_t *n, size_t *cap)
{
	_cleanup_free_ char *list = xstrdup(arg);
	char *rest = list, *one;

	while ((one = strsep(&rest, ","))) {
		uint64_t pid;

		if (quantity_number(one, 1, INT_MAX, &pid))
			return -EINVAL;
		GROW(*pids, *n, *cap);
		(*pids)[(*n)++] = pid;
	}
	return 0;
}

/* The process of a thread; −ESRCH. */
static pid_t read_tgid(pid_t tid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", tid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[256];
	int tgid;

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "Tgid: %d", &tgid) == 1)
			return tgid;
	return -ESRCH;
}

static int refuse(pid_t pid, int error, const char *why)
{
	log_error("cannot attach to %d: %s", pid, why);
	return -error;
}

static int resolve(pid_t *pid)
{
	pid_t tgid = read_tgid(*pid);
	struct process_stat stat;

	if (tgid < 0 || process_stat(tgid, &stat) < 0)
		return refuse(*pid, ESRCH, "no such process");
	if (stat.flags & PROCESS_KERNEL_THREAD)
		return refuse(*pid, EINVAL, "it is a kernel thread");
	if (stat.state == 'Z' || stat.state == 'X')
		return refuse(*pid, ESRCH, "it has ended");
	if (tgid == getpid())
		return refuse(*pid, EINVAL, "that is reqprof itself");
	if (tgid != *pid)
		log_info("%d is a thread of process %d", *pid, tgid);
	*pid = tgid;
	return 0;
}

int pids_resolve(pid_t *pids, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		size_t seen = 0;
		int r = resolve(&pids[i]);

		if (r < 0)
			return r;
		while (seen < kept && pids[seen] != pids[i])
			seen++;
		if (seen == kept)
			pids[kept++] = pids[i];
	}
	*n = kept;
	return 0;
}
