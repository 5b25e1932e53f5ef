/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define SKIP_12 " %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d" /* fields: to start_ticks */

int process_stat(pid_t pid, struct process_stat *ret)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[32], line[1024];
	const char *end;
	size_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	f = fopen(path, "re");
	n = f ? fread(line, 1, sizeof line - 1, f) : 0;
	line[n] = '\0';
	end = strrchr(line, ')'); /* of the name; the fields after it hold none */
	if (!end || sscanf(end + 1, " %c %d %*d %*d %*d %*d %u" SKIP_12 " %llu", &ret->state, &ret->parent, &ret->flags, &ret->start_ticks) != 4)
		return -ESRCH;
	return 0;
}

pid_t process_parent(pid_t pid)
{
	struct process_stat stat;

	return process_stat(pid, &stat) < 0 ? 0 : stat.parent;
}
