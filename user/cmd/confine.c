/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/confine.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptors.h"

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

int confine(const struct owner *owner, const int *keep, size_t n)
{
	int r = descriptors_close_others(keep, n);

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
