/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is said on stderr while it runs and at its end: numbers of the counters and of the worker. The texts are pure. */
#ifndef REQPROF_STATUS_H
#define REQPROF_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/counters.h"

/* Numbers that the worker itself knows. */
struct tally {
	uint64_t written;       /* reports */
	uint64_t failed;        /* reports that could not be written */
	uint64_t unwritten;     /* requests whose report was given up: -n reached, or a second ^C */
	uint64_t incomplete;    /* requests whose begin was lost */
	uint64_t bad_events;    /* records of the ring that contradict the contract */
};

/* The live line: requests seen, in flight, reports, refused. The caller frees it. */
char *status_line(const struct counters *c, const struct tally *t);

/* What was refused or dropped since the last call, with the option that helps, or NULL. `said` remembers, starts zeroed. What happens to every call
 * is said once, and once more when `last`. */
struct losses_said {
	uint64_t values[RP_N_COUNTERS];
	bool last;
};
char *status_losses(const struct counters *c, struct losses_said *said);

/* The last line. The caller frees it. */
char *status_summary(const struct counters *c, const struct tally *t);

#endif
