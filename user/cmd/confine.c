/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/confine.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define FILES_MAX 2048          /* symbol files of many processes, and some to spare */
#define FILE_SIZE_MAX (4ULL << 30)

static int limit(int resource, rlim_t max)
{
	struct rlimit limits;

	if (getrlimit(resource, &limits))
		return -errno;
	if (limits.rlim_max > max)
		limits.rlim_max = max;
	limits.rlim_cur = limits.rlim_max;
	return setrlimit(resource, &limits) ? -errno : 0;
}

static int set_limits(void)
{
	int r = limit(RLIMIT_CORE, 0);

	if (!r)
		r = limit(RLIMIT_NOFILE, FILES_MAX);
	if (!r)
		r = limit(RLIMIT_FSIZE, FILE_SIZE_MAX);
	signal(SIGXFSZ, SIG_IGN); /* a write beyond it fails with EFBIG */
	return r;
}

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int close_others(const int *keep, size_t n)
{
	_cleanup_free_ int *kept = xcalloc(n, sizeof *kept);
	int first = STDERR_FILENO + 1;

	memcpy(kept, keep, n * sizeof *kept);
	qsort(kept, n, sizeof *kept, ascending);
	for (size_t i = 0; i < n; i++) {
		if (kept[i] < first)
			continue;
		if (kept[i] > first && close_range(first, kept[i] - 1, 0))
			return -errno;
		first = kept[i] + 1;
	}
	return close_range(first, UINT_MAX, 0) ? -errno : 0;
}

int confine(const struct owner *owner, const int *keep, size_t n)
{
	int r = close_others(keep, n);

	umask(077);
	if (!r)
		r = set_limits();
	if (!r)
		r = owner_become(owner, false);
	if (r)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	return 0;
}
