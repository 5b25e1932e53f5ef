/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers as people read them. Each function returns a small struct by value; use its text at once: printf("%s", number_ms(ns, 1).text).
 * Times of one report share the decimals that its wall time needs.
 */
#ifndef REQPROF_NUMBERS_H
#define REQPROF_NUMBERS_H

#include <stdint.h>

#include "profile/profile.h"

struct number {
	char text[48];
};

int number_decimals(uint64_t wall_ns); /* of milliseconds: 3 below 1 ms, 2 below 10 ms, 0 from 100 s on, else 1 */

struct number number_ms(uint64_t ns, int decimals);             /* "183.4" */
struct number number_ms_or_dash(uint64_t ns, int decimals);     /* "–" for 0, "<0.1" for what rounds to 0 */
struct number number_error(double ns, int decimals);            /* half-width of an interval: one significant digit, two from 10 ms on: "5", "0.4" */
struct number number_duration(uint64_t ns, int decimals);       /* with its unit: "183.4 ms", "12.35 s" */
struct number number_permille(unsigned permille);               /* in percent, no needless zero: "62", "2.4" */
struct number number_percent(uint64_t part, uint64_t whole);    /* one decimal: "63.4" */
struct number number_bytes(uint64_t bytes);                     /* "48.2 kB" */
struct number number_count(uint64_t n, const char *one, const char *many); /* "1 wait", "4 waits" */
struct number number_date(const struct request *r);             /* "23 Nov 2026 12:01:07.114 +01:00" */

#endif
