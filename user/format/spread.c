/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/spread.h"

#include <math.h>
#include <stdlib.h>


#define ORDERED_FROM 6 /* requests: of fewer the order statistics do not reach 95 % */
#define TAIL 0.025

static int compare(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;

	return (a > b) - (a < b);
}

static double deviation(const double *values, size_t n, double mean)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return sqrt(sum / (n - 1));
}

static double mean_of(const double *values, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += values[i];
	return sum / n;
}

/* How many values at either end lie outside of the median's interval: P(Bin(n, ½) < r) is at most TAIL. */
static size_t outside(size_t n)
{
	double sum = 0;
	size_t r = 0;

	for (;; r++) {
		sum += exp(lgamma(n + 1) - lgamma(r + 1) - lgamma(n - r + 1) - n * M_LN2);
		if (sum > TAIL)
			return r ? r - 1 : 0;
	}
}

/* The 97.5 % quantile of Student's t; above 5 degrees of freedom within 2 %, on the safe side from 8 on. */
static double student(size_t degrees)
{
	static const double exact[] = {0, 12.706, 4.303, 3.182, 2.776, 2.571};

	return degrees < sizeof exact / sizeof *exact ? exact[degrees] : 1.96 + 2.9 / degrees;
}

static double half_width(const double *values, size_t n, size_t n_other, double error)
{
	if (n == 1)
		return error;
	return student(n - 1) * deviation(values, n, mean_of(values, n)) * sqrt(1.0 / n + (n_other == 1));
}

struct spread spread_of(double *values, size_t n, size_t n_other, double error)
{
	struct spread s;
	double half;

	qsort(values, n, sizeof *values, compare);
	half = half_width(values, n, n_other, error);
	s.median = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
	s.low = fmax(0, s.median - half);
	s.high = s.median + half;
	if (n >= ORDERED_FROM && n_other == 1) {
		s.low = fmin(s.low, values[0]);
		s.high = fmax(s.high, values[n - 1]);
	} else if (n >= ORDERED_FROM) {
		s.low = values[outside(n)];
		s.high = values[n - 1 - outside(n)];
	}
	return s;
}

struct delta delta_of(double *a, size_t n_a, double error_a, double *b, size_t n_b, double error_b)
{
	struct delta d = {
		.a = spread_of(a, n_a, n_b, error_a), .b = spread_of(b, n_b, n_a, error_b), .mean_a = mean_of(a, n_a), .mean_b = mean_of(b, n_b),
	};

	d.beyond = d.b.low > d.a.high || d.b.high < d.a.low;
	return d;
}
