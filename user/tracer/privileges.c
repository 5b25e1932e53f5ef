/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "base/cleanup.h"

/* What for, by man capabilities(7). */
static const unsigned kept[] = {
	CAP_SYS_PTRACE,         /* /proc/PID/maps, /proc/PID/root of any process */
	CAP_CHECKPOINT_RESTORE, /* /proc/PID/map_files */
	CAP_DAC_READ_SEARCH,    /* target files that only their owner may read */
	CAP_PERFMON,            /* running the sweep program, perf events */
	CAP_SYSLOG,             /* kernel addresses */
};

/* Of the main thread. */
static const unsigned kept_by_main[] = {
	CAP_BPF,                /* memory for unwinding tables is asked for while recording */
	CAP_DAC_OVERRIDE,       /* /proc/PID/mem of processes of other users, to write: breakpoints.h. Who has SYS_PTRACE can do no more by it */
};

static void keep(const unsigned *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, list[i]);
}

int privileges_drop(bool main_thread)
{
	bool can_override = capng_have_capability(CAPNG_PERMITTED, CAP_DAC_OVERRIDE);

	capng_clear(CAPNG_SELECT_BOTH);
	keep(kept, ARRAY_LEN(kept));
	if (main_thread)
		keep(kept_by_main, ARRAY_LEN(kept_by_main) - !can_override);
	if (capng_apply(CAPNG_SELECT_BOTH))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}
