/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What can be asked of a profile by name: "wall", "cpu(serialize)", "waits(127.0.0.1:5432).median". */
#ifndef REQPROF_MEASURE_H
#define REQPROF_MEASURE_H

#include "profile/profile.h"

enum measure_unit { MEASURE_TIME, MEASURE_COUNT, MEASURE_BYTES }; /* ns, a number, bytes */

struct measure {
	const struct metric *metric;
	char *argument;         /* a function, class or object; NULL = none */
	char *part;             /* what stands behind the dot; NULL = none */
	enum measure_unit unit;
};

struct measured {
	uint64_t value;
	double error;           /* half-width of its 95 % interval where samples decide it, else 0 */
	char *why;              /* it cannot be told: why; NULL = it can */
	char *note;             /* what must be known of it; NULL = nothing */
};

/* Parse the n bytes. 0, or −EINVAL with the reason in *ret_why (the caller frees it). */
int measure_parse(const char *text, size_t n, struct measure *ret, char **ret_why);
void measure_clear(struct measure *m);

void measure_take(const struct measure *m, const struct profile *p, struct measured *ret);
void measured_clear(struct measured *m);

#endif
