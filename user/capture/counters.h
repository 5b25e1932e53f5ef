/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The counters of the kernel side, as memory. */
#ifndef REQPROF_COUNTERS_H
#define REQPROF_COUNTERS_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "reqprof.h"

struct counters {
	const volatile uint64_t *values; /* RP_COUNTER_ROWS rows */
	size_t len;
};

/* Map the counters; the descriptor is not kept. 0 or −errno. */
int counters_map(struct counters *c, int map_fd);
void counters_unmap(struct counters *c);

/* The value of one: the sum over the rows. */
static inline uint64_t counter_sum(const struct counters *c, enum rp_counter counter)
{
	uint64_t sum = 0;

	for (size_t row = 0; row < RP_COUNTER_ROWS; row++)
		sum += c->values[row * RP_COUNTER_ROW + counter];
	return sum;
}

#define COUNTER(c, name) counter_sum(c, RP_COUNT_##name)

#endif
