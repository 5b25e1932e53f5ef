/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/quantity.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct unit {
	const char *name;
	uint64_t ns;
};

static const struct unit units[] = {
	{"ns", 1},
	{"us", NS_PER_US},
	{"µs", NS_PER_US},
	{"ms", NS_PER_MS},
	{"s", NS_PER_S},
	{"m", 60 * NS_PER_S},
	{"h", 3600 * NS_PER_S},
};

static uint64_t unit_ns(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (!strcmp(units[i].name, name))
			return units[i].ns;
	return 0;
}

/* Digits at *s, which is moved behind them. strtoull alone would take signs and blanks. */
static int read_digits(const char **s, uint64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	errno = 0;
	*ret = strtoull(*s, &end, 10);
	*s = end;
	return errno ? -ERANGE : 0;
}

int quantity_number(const char *s, uint64_t low, uint64_t high, uint64_t *ret)
{
	uint64_t n;
	int r = read_digits(&s, &n);

	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	if (n < low || n > high)
		return -ERANGE;
	*ret = n;
	return 0;
}

/* The digits after a decimal point as parts of scale; further ones than ns can hold are dropped. */
static uint64_t read_fraction(const char **s, uint64_t scale)
{
	double part = 0, digit = 0.1;

	for (; isdigit((unsigned char)**s); ++*s, digit /= 10)
		part += (**s - '0') * digit;
	return (uint64_t)(part * (double)scale + 0.5);
}

int quantity_duration(const char *s, uint64_t bare_ns, uint64_t *ret_ns)
{
	uint64_t whole, part, scale, ns;
	const char *fraction = NULL;
	int r = read_digits(&s, &whole);

	if (r < 0)
		return r;
	if (*s == '.') {
		fraction = ++s;
		if (!isdigit((unsigned char)*s))
			return -EINVAL;
		s += strspn(s, "0123456789");
	}
	scale = *s ? unit_ns(s) : bare_ns;
	if (!scale)
		return -EINVAL;
	part = fraction ? read_fraction(&fraction, scale) : 0;
	if (__builtin_mul_overflow(whole, scale, &ns) || __builtin_add_overflow(ns, part, &ns))
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}

int quantity_rate(const char *s, struct rate *ret)
{
	uint64_t n, period;
	int r = read_digits(&s, &n);

	if (r < 0)
		return r;
	if (!*s && !n) {
		*ret = (struct rate){0};
		return 0;
	}
	if (*s++ != '/' || strlen(s) != 1)
		return -EINVAL;
	period = unit_ns(s);
	if (!period)
		return -EINVAL;
	if (!n || n > UINT32_MAX)
		return -ERANGE;
	*ret = (struct rate){.count = n, .period_ns = period};
	return 0;
}
