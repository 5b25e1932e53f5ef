/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One quantity of two sides, each of one request or several: is the difference more than how much it varies anyway?
 *
 * A side's value is the median of its requests; its interval is where that median is with 95 % confidence: from six requests on by order
 * statistics, which ask nothing of the distribution; of two to five by Student's t around it. Where the other side is a single request, the interval
 * is where one more request of the same kind would be, by Student's t, and from six on no narrower than all that were seen. Of a single request it
 * is what sampling leaves open.
 * A difference is beyond the spread if the two intervals do not meet: stricter than a test at 5 %, as many quantities are looked at.
 */
#ifndef REQPROF_SPREAD_H
#define REQPROF_SPREAD_H

#include <stdbool.h>
#include <stddef.h>

struct spread {
	double median, low, high;
};

struct delta {
	struct spread a, b;
	double mean_a, mean_b;  /* which add up, as medians do not */
	bool beyond;            /* the difference is more than the spread */
};

/* The values of a side (n ≥ 1, sorted here), against a side of n_other requests; of a single one ± error. */
struct spread spread_of(double *values, size_t n, size_t n_other, double error);

/* Of n_a and n_b values; they are sorted. */
struct delta delta_of(double *a, size_t n_a, double error_a, double *b, size_t n_b, double error_b);

static inline double delta_change(const struct delta *d)
{
	return d->b.median - d->a.median;
}

/* By how much the change is uncertain: half of what both intervals span. */
static inline double delta_error(const struct delta *d)
{
	return (d->a.high - d->a.low + d->b.high - d->b.low) / 2;
}

#endif
