/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a difference says of itself, the same in every format. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/difference.h"
#include "format/facts.h"
#include "profile/own.h"

#define STATUSES 3 /* that are named */

bool frame_is_home(const struct frame *frame)
{
	return frame_is_own(frame) && (frame->kind != FRAME_native || frame->file);
}

bool function_is_told(const struct function_delta *f)
{
	return f->self.beyond || (f->total.beyond && f->frame && frame_is_home(f->frame));
}

size_t functions_passing(const struct difference *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_functions; i++)
		n += d->functions[i].total.beyond && !function_is_told(&d->functions[i]);
	return n;
}

size_t functions_within(const struct difference *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_functions; i++) {
		const struct function_delta *f = &d->functions[i];

		n += (delta_change(&f->self) || delta_change(&f->total)) && !f->self.beyond && !f->total.beyond;
	}
	return n;
}

int difference_decimals(const struct difference *d)
{
	return number_decimals(fmax(d->wall.a.median, d->wall.b.median));
}

struct number difference_ms(double ns, int decimals)
{
	struct number size = number_ms(fabs(ns), decimals), n;

	if (!strpbrk(size.text, "123456789"))
		return (struct number){"0"};
	snprintf(n.text, sizeof n.text, "%s%.40s", ns < 0 ? "−" : "+", size.text);
	return n;
}

struct number difference_error(const struct delta *d, int decimals)
{
	return delta_error(d) > 0 ? number_error(delta_error(d), decimals) : (struct number){""};
}

char *difference_verdict(const struct difference *d)
{
	int decimals = difference_decimals(d);
	double change = delta_change(&d->wall), error = delta_error(&d->wall);
	_cleanup_free_ char *spread = error > 0 ? xasprintf(" ± %s", number_error(error, decimals).text) : xstrdup("");

	if (!d->wall.beyond)
		return xasprintf("no difference beyond the spread%s: %s%s ms", difference_is_any(d) ? " in its duration" : "",
				 difference_ms(change, decimals).text, spread);
	return xasprintf("%s by %s%s ms, %+.1f %%", change > 0 ? "slower" : "faster", number_ms(fabs(change), decimals).text, spread,
			 d->wall.a.median > 0 ? 100 * change / d->wall.a.median : 0);
}

/* ---- a side ----------------------------------------------------------------------------------------------------------- */

static void put_statuses(FILE *f, const struct side *side)
{
	int32_t seen[STATUSES];
	size_t n = 0;

	for (size_t i = 0; i < side->n && n < STATUSES; i++) {
		int32_t status = side->list[i]->request.status;
		size_t k = 0;

		while (k < n && seen[k] != status)
			k++;
		if (k < n || status <= 0)
			continue;
		fprintf(f, n ? " and %d" : ", status %d", status);
		seen[n++] = status;
	}
}

/* What must be known before believing its numbers. */
static void put_quality(FILE *f, const struct side *side, int decimals)
{
	uint64_t cut_off = 0, samples = 0, waits = 0, ambiguous = 0;

	for (size_t i = 0; i < side->n; i++) {
		const struct profile *p = side->list[i];

		cut_off += p->request.end == END_CUT_OFF;
		samples += p->lost.samples;
		waits += p->lost.waits;
		ambiguous += p->time.ambiguous_ns;
	}
	if (cut_off)
		fprintf(f, SEPARATOR "%s", number_count(cut_off, "cut off: it was not over", "cut off: they were not over").text);
	if (samples)
		fprintf(f, SEPARATOR "%s", number_count(samples, "sample lost", "samples lost").text);
	if (waits)
		fprintf(f, SEPARATOR "%s", number_count(waits, "wait not recorded", "waits not recorded").text);
	if (ambiguous)
		fprintf(f, SEPARATOR "%s ambiguous", number_duration(ambiguous, decimals).text);
}

char *difference_side(const struct difference *d, const struct side *side)
{
	const struct spread *wall = side == &d->a ? &d->wall.a : &d->wall.b;
	int decimals = difference_decimals(d);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort(); /* out of memory, nothing else */
	if (side->n == 1)
		fputs(side->list[0]->request.id, f);
	else
		fprintf(f, "%zu requests", side->n);
	put_statuses(f, side);
	fprintf(f, ", %s%s", side->n > 1 ? "median " : "", number_duration(wall->median, decimals).text);
	if (side->n > 1)
		fprintf(f, " (%s to %s ms)", number_ms(wall->low, decimals).text, number_ms(wall->high, decimals).text);
	put_quality(f, side, decimals);
	fclose(f);
	return text;
}

char *difference_method(const struct difference *d)
{
	const char *sampled = "± is what sampling leaves open of CPU time (95 %, binomial); waits are exact";

	if (d->a.n == 1 && d->b.n == 1)
		return xasprintf("One request a side: how much requests differ from each other anyway is not known. %s.", sampled);
	if (d->a.n == 1 || d->b.n == 1)
		return xstrdup("Medians; the single request is told apart from the others where it lies outside of what one more of them would be (95 %).");
	return xstrdup("Medians; ± is half of what both their 95 % intervals span, and a difference is beyond the spread where these do not meet.");
}
