/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/expression.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/numbers.h"

static const struct {
	const char *text;
	enum operator operator;
} operators[] = {{"<=", AT_MOST}, {">=", AT_LEAST}, {"==", EQUAL}, {"<", LESS}, {">", MORE}}; /* the longer ones first */

static const struct {
	const char *text;
	enum measure_unit unit;
	double factor;
} units[] = {
	{"ns", MEASURE_TIME, 1}, {"us", MEASURE_TIME, 1e3}, {"µs", MEASURE_TIME, 1e3}, {"ms", MEASURE_TIME, 1e6}, {"s", MEASURE_TIME, 1e9},
	{"B", MEASURE_BYTES, 1}, {"kB", MEASURE_BYTES, 1e3}, {"MB", MEASURE_BYTES, 1e6}, {"GB", MEASURE_BYTES, 1e9},
	{"", MEASURE_BYTES, 1}, {"", MEASURE_COUNT, 1},
};

static int refuse(char **ret_why, char *why)
{
	*ret_why = why;
	return -EINVAL;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* Digits, at most one point among them. Reading them by hand: strtod takes more, and what the locale says. */
static const char *read_number(const char *s, double *ret)
{
	const char *at = s;
	double scale = 1;

	for (*ret = 0; isdigit((unsigned char)*at); at++)
		*ret = *ret * 10 + (*at - '0');
	if (at > s && *at == '.' && isdigit((unsigned char)at[1]))
		for (at++; isdigit((unsigned char)*at); at++)
			*ret += (*at - '0') * (scale /= 10);
	return at;
}

static int parse_value(const char *s, struct expression *e, char **ret_why)
{
	const char *unit = read_number(s, &e->value);

	if (unit == s)
		return refuse(ret_why, xasprintf("\"%s\" is no number", s));
	unit = skip_blanks(unit);
	e->percent = !strcmp(unit, "%");
	if (e->percent && e->measure.unit == MEASURE_TIME)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit != e->measure.unit || strcmp(units[i].text, unit))
			continue;
		e->value *= units[i].factor;
		return 0;
	}
	if (e->measure.unit == MEASURE_TIME)
		return refuse(ret_why, xasprintf("a time needs a unit, ns, us, ms or s, or is a share of the wall time in %%"));
	return refuse(ret_why, xasprintf("\"%s\" is no unit of %s", unit, e->measure.unit == MEASURE_BYTES ? "bytes: B, kB or MB" : "a number"));
}

/* Where the value begins: all that may be one, read from the end. A function's name may hold operators. */
static const char *value_of(const char *text)
{
	const char *value = text + strlen(text);

	while (value > text && (isalnum((unsigned char)value[-1]) || strchr(" \t.%", value[-1]) || (unsigned char)value[-1] >= 0x80))
		value--;
	return value;
}

int expression_parse(const char *text, struct expression *ret, char **ret_why)
{
	const char *value = value_of(text), *end = NULL;
	int r;

	*ret = (struct expression){.text = text};
	for (size_t i = 0; i < ARRAY_LEN(operators) && !end; i++) {
		size_t n = strlen(operators[i].text);

		if (value - text < (ptrdiff_t)n || memcmp(value - n, operators[i].text, n))
			continue;
		ret->operator = operators[i].operator;
		end = value - n;
	}
	if (!end)
		return refuse(ret_why, xstrdup("it must end in an operator, < <= > >= or ==, and a value"));
	text = skip_blanks(text);
	while (end > text && strchr(" \t", end[-1]))
		end--;
	r = measure_parse(text, end > text ? end - text : 0, &ret->measure, ret_why);
	if (!r) {
		_cleanup_free_ char *trimmed = xstrdup(skip_blanks(value));
		size_t n = strlen(trimmed);

		while (n && strchr(" \t", trimmed[n - 1]))
			trimmed[--n] = '\0';
		r = parse_value(trimmed, ret, ret_why);
	}
	if (r < 0)
		measure_clear(&ret->measure);
	return r;
}

void expression_clear(struct expression *e)
{
	measure_clear(&e->measure);
}

/* ---- does it hold? ---------------------------------------------------------------------------------------------------- */

static bool compare(enum operator operator, double a, double b)
{
	switch (operator) {
	case LESS:
		return a < b;
	case AT_MOST:
		return a <= b;
	case MORE:
		return a > b;
	case AT_LEAST:
		return a >= b;
	case EQUAL:
		break;
	}
	return a == b;
}

static double share(double ns, const struct profile *p)
{
	return p->time.wall_ns ? 100 * ns / p->time.wall_ns : 0;
}

static char *show(const struct expression *e, const struct profile *p, const struct measured *m)
{
	uint64_t value = m->value;
	int decimals = value ? number_decimals(value) : 0;
	_cleanup_free_ char *error = NULL;

	if (e->measure.unit == MEASURE_BYTES)
		return xasprintf("%llu B", (unsigned long long)value);
	if (e->measure.unit == MEASURE_COUNT)
		return xasprintf("%llu", (unsigned long long)value);
	if (e->percent) {
		error = m->error > 0 ? xasprintf(" ± %.1f", share(m->error, p)) : xstrdup("");
		return xasprintf("%.2f%s %%", share(value, p), error);
	}
	error = m->error > 0 ? xasprintf(" ± %s", number_error(m->error, decimals).text) : xstrdup("");
	return xasprintf("%s%s ms", number_ms(value, decimals).text, error);
}

bool expression_holds(const struct expression *e, const struct profile *p, char **ret_actual)
{
	struct measured m;
	double value;

	measure_take(&e->measure, p, &m);
	if (m.why) {
		*ret_actual = TAKE_PTR(m.why);
		measured_clear(&m);
		return false;
	}
	value = e->percent ? share(m.value, p) : m.value;
	*ret_actual = show(e, p, &m);
	if (m.note) {
		_cleanup_free_ char *shown = *ret_actual;

		*ret_actual = xasprintf("%s (%s)", shown, m.note);
	}
	measured_clear(&m);
	return compare(e->operator, value, e->value);
}
