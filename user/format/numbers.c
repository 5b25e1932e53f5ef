/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS 1e6
#define NS_PER_S 1000000000LL
#define SECONDS_FROM 10000000000ULL /* longer times are told in seconds */

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

int number_decimals(uint64_t wall_ns)
{
	return wall_ns < 1000000 ? 3 : wall_ns < 10000000 ? 2 : wall_ns < 100 * (uint64_t)NS_PER_S ? 1 : 0;
}

struct number number_ms(uint64_t ns, int decimals)
{
	struct number n;

	snprintf(n.text, sizeof n.text, "%.*f", decimals, ns / NS_PER_MS);
	return n;
}

struct number number_ms_or_dash(uint64_t ns, int decimals)
{
	static const char *const below[] = {"<1", "<0.1", "<0.01", "<0.001"};
	struct number n = ns ? number_ms(ns, decimals) : (struct number){"–"};

	if (ns && !strpbrk(n.text, "123456789"))
		snprintf(n.text, sizeof n.text, "%s", below[decimals]);
	return n;
}

struct number number_error(double ns, int decimals)
{
	double ms = ns / NS_PER_MS;
	int digits = ms >= 0.95 ? 0 : ms >= 0.095 ? 1 : ms >= 0.0095 ? 2 : 3;
	struct number n;

	snprintf(n.text, sizeof n.text, "%.*f", digits < decimals ? digits : decimals, ms);
	return n;
}

struct number number_duration(uint64_t ns, int decimals)
{
	struct number n;

	if (ns < SECONDS_FROM)
		snprintf(n.text, sizeof n.text, "%.*f ms", decimals, ns / NS_PER_MS);
	else
		snprintf(n.text, sizeof n.text, "%.2f s", ns / (double)NS_PER_S);
	return n;
}

struct number number_permille(unsigned permille)
{
	struct number n;

	if (permille % 10)
		snprintf(n.text, sizeof n.text, "%u.%u", permille / 10, permille % 10);
	else
		snprintf(n.text, sizeof n.text, "%u", permille / 10);
	return n;
}

struct number number_percent(uint64_t part, uint64_t whole)
{
	struct number n;

	snprintf(n.text, sizeof n.text, "%.1f", whole ? 100.0 * part / whole : 0.0);
	return n;
}

struct number number_bytes(uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double value = bytes;
	size_t unit = 0;
	struct number n;

	for (; value >= 999.95 && unit < 4; unit++)
		value /= 1000;
	snprintf(n.text, sizeof n.text, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return n;
}

struct number number_count(uint64_t count, const char *one, const char *many)
{
	struct number n;

	snprintf(n.text, sizeof n.text, "%" PRIu64 " %s", count, count == 1 ? one : many);
	return n;
}

struct number number_date(const struct request *r)
{
	time_t seconds = r->start_ns / NS_PER_S + r->utc_offset_s;
	int offset = r->utc_offset_s < 0 ? -r->utc_offset_s : r->utc_offset_s;
	struct number n;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(n.text, sizeof n.text, "%d %s %d %02d:%02d:%02d.%03d %c%02d:%02d", tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour,
		 tm.tm_min, tm.tm_sec, (int)(r->start_ns % NS_PER_S / 1000000), r->utc_offset_s < 0 ? '-' : '+', offset / 3600, offset / 60 % 60);
	return n;
}
