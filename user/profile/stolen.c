/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/stolen.h"

/* All timers are a little late. */
static uint64_t late(uint64_t gap_ns, uint64_t interval_ns)
{
	return gap_ns > interval_ns + interval_ns / 4 ? gap_ns - interval_ns : 0;
}

static uint64_t share(uint64_t value, uint64_t part, uint64_t whole)
{
	return part < whole ? (unsigned __int128)value * part / whole : value;
}

/* When the tick before ticks[i] was that is none of an edge. */
static uint64_t time_before(const struct tick *ticks, size_t i, uint64_t from)
{
	while (i && ticks[i - 1].edge)
		i--;
	return i ? ticks[i - 1].t : from;
}

/* By how much all are late. */
static uint64_t all_late(const struct tick *ticks, size_t n, uint64_t from, uint64_t to, uint64_t interval_ns)
{
	uint64_t sum = late(to - time_before(ticks, n, from), interval_ns);

	for (size_t i = 0; i < n; i++)
		if (!ticks[i].edge)
			sum += late(ticks[i].t - time_before(ticks, i, from), interval_ns);
	return sum;
}

uint64_t stolen_place(struct tick *ticks, size_t n, uint64_t from, uint64_t to, uint64_t interval_ns, uint64_t stolen_ns)
{
	uint64_t all = all_late(ticks, n, from, to, interval_ns), left = stolen_ns, last, gap = to - time_before(ticks, n, from);

	for (size_t i = 0; i < n; i++) {
		ticks[i].stolen_ns = ticks[i].edge ? 0 : share(late(ticks[i].t - time_before(ticks, i, from), interval_ns), stolen_ns, all);
		left -= ticks[i].stolen_ns;
	}
	last = share(late(gap, interval_ns), stolen_ns, all);
	left -= last;

	/* Too short to make a tick late, or no tick was to come: as late as can be. */
	stolen_ns = left < gap - last ? left : gap - last;
	last += stolen_ns;
	left -= stolen_ns;
	for (size_t i = n; i-- && left;) {
		if (ticks[i].edge)
			continue;
		gap = ticks[i].t - time_before(ticks, i, from) - ticks[i].stolen_ns;
		stolen_ns = left < gap ? left : gap;
		ticks[i].stolen_ns += stolen_ns;
		left -= stolen_ns;
	}
	return last;
}
