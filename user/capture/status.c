/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/status.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define REFUSED "marked request refused", "marked requests refused"

/* What is told when it grows: {counter, what for one, what for many, what to do, it is said once}. */
static const struct {
	enum rp_counter counter;
	const char *one, *many, *advice;
	bool once;
} losses[] = {
	{RP_COUNT_refused_live, REFUSED, "too many others were being recorded (--max-live raises it)", false},
	{RP_COUNT_refused_rate, REFUSED, "too many in this time (--max-rate raises it)", false},
	{RP_COUNT_pipelined_refused, REFUSED, "too many pipelined on one connection", false},
	{RP_COUNT_handler_faults, "call", "calls", "of a handler whose URL could not be read, or is none", false},
	{RP_COUNT_handler_differs, "call", "calls",
	 "of a handler, not reported: where its URL should be is not what came over the connection; this build keeps it elsewhere "
	 "(--handler SYMBOL,url=EXPR says where)", true},
	{RP_COUNT_handler_lost, "call", "calls", "of a handler left without a return (longjmp, an exception, the end of its thread)", false},
	{RP_COUNT_line_too_long, "request line", "request lines", "longer than 8 KB: only its begin was searched for the marker", false},
	{RP_COUNT_tentative_full, "split request line", "split request lines", "not followed: too many at once", false},
	{RP_COUNT_events_dropped, "event lost", "events lost", "the ring buffer was full (a longer --interval makes fewer)", false},
	{RP_COUNT_storage_failed, "time", "times", "the kernel had no memory for a thread or socket: requests may be missing", false},
};

static uint64_t refused(const struct counters *c)
{
	return COUNTER(c, refused_live) + COUNTER(c, refused_rate) + COUNTER(c, pipelined_refused);
}

static void put_count(FILE *f, uint64_t n, const char *one, const char *many)
{
	fprintf(f, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}

char *status_line(const struct counters *c, const struct tally *t)
{
	return xasprintf("requests %llu · in flight %llu · reports %llu · refused %llu", (unsigned long long)COUNTER(c, requests),
			 (unsigned long long)COUNTER(c, in_flight), (unsigned long long)t->written, (unsigned long long)refused(c));
}

char *status_losses(const struct counters *c, struct losses_said *said)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	const char *separator = "";

	if (!f)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		uint64_t now = counter_sum(c, losses[i].counter), *before = &said->values[losses[i].counter];

		if (now <= *before || (losses[i].once && *before && !said->last))
			continue;
		fputs(separator, f);
		put_count(f, now - *before, losses[i].one, losses[i].many);
		fprintf(f, ": %s", losses[i].advice);
		separator = "; ";
		*before = now;
	}
	fclose(f);
	if (!*separator)
		free(TAKE_PTR(text));
	return text;
}

static void put_nonzero(FILE *f, uint64_t n, const char *one, const char *many)
{
	if (!n)
		return;
	fputs(", ", f);
	put_count(f, n, one, many);
}

char *status_summary(const struct counters *c, const struct tally *t)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return xstrdup("no memory for the summary");
	put_count(f, t->written, "report written", "reports written");
	put_nonzero(f, t->failed, "report could not be written", "reports could not be written");
	put_nonzero(f, t->unwritten, "request not written", "requests not written");
	put_nonzero(f, t->incomplete, "request lost with the event of its begin", "requests lost with the events of their begins");
	put_nonzero(f, refused(c), REFUSED);
	fputs(", ", f);
	put_count(f, COUNTER(c, requests), "request seen", "requests seen");
	put_nonzero(f, COUNTER(c, events_dropped), "event lost", "events lost");
	put_nonzero(f, t->bad_events, "event not understood", "events not understood");
	fclose(f);
	return text;
}
