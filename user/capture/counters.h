/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The counters of the kernel side, as memory. */
#ifndef REQPROF_COUNTERS_H
#define REQPROF_COUNTERS_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "reqprof.h"

struct counters {
	const volatile uint64_t *values; /* RP_N_COUNTERS of them */
	size_t len;
};

/* Map the counters; the descriptor is not kept. 0 or −errno. */
int counters_map(struct counters *c, int map_fd);
void counters_unmap(struct counters *c);

#define COUNTER(c, name) ((c)->values[RP_COUNT_##name])

#endif
