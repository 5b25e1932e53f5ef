/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers, durations and rates of the command line. All return 0, −EINVAL (not of this form) or −ERANGE. */
#ifndef REQPROF_QUANTITY_H
#define REQPROF_QUANTITY_H

#include <stdint.h>

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL

/* Decimal digits only; low … high. */
int quantity_number(const char *s, uint64_t low, uint64_t high, uint64_t *ret);

/* "100us", "1.5ms", "60s", "5m", "1h" in ns. A number without unit is one of bare_ns each; with bare_ns 0 it is refused (−EINVAL). */
int quantity_duration(const char *s, uint64_t bare_ns, uint64_t *ret_ns);

struct rate {
	uint32_t count;         /* this many … */
	uint64_t period_ns;     /* … in any such period; 0 = no limit */
};

/* "5/s", "60/m", "1000/h", or "0" for no limit. */
int quantity_rate(const char *s, struct rate *ret);

#endif
