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

int privileges_drop(bool maps)
{
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]);
	if (maps) /* memory for unwinding tables is asked for while recording */
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_BPF);
	if (capng_apply(CAPNG_SELECT_BOTH))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}
