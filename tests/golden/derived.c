/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fixtures that are made of others. */
#include <stdio.h>

#include "base/cleanup.h"
#include "fixtures.h"
#include "profile/merge.h"
#include "profile/redact.h"
#include "sides.h"

static struct profile *longer(const char *fixture, unsigned number, const char *function, unsigned percent)
{
	struct profile *p = fixture_make(fixture);

	lengthen(p, function, percent);
	snprintf(p->request.id, sizeof p->request.id, "%06u", number);
	p->request.start_ns += number * 1000000000LL;
	return p;
}

/* Four requests; one of them answers with an error, one is cut off. */
struct profile *make_merged(void)
{
	struct profile *requests[] = {
		longer("orders", 1, "serialize", 130), longer("orders", 2, "127.0.0.1:5432", 110), longer("orders", 3, "serialize", 100),
		longer("orders", 4, "encode_decimal", 200),
	};
	const char *why;
	struct profile *p;

	requests[0]->request.status = 500;
	requests[2]->request.status = 0;
	requests[2]->request.end = END_CUT_OFF;
	p = profile_merge((const struct profile *const *)requests, ARRAY_LEN(requests), &why);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		profile_free(requests[i]);
	return p;
}

/* So many that the tables of their report are packed in its page. */
struct profile *make_many(void)
{
	struct profile *requests[100], *p;
	const char *why;

	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		requests[i] = longer("orders", i, "serialize", 100 + i);
	p = profile_merge((const struct profile *const *)requests, ARRAY_LEN(requests), &why);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		profile_free(requests[i]);
	return p;
}

struct profile *make_redacted(void)
{
	struct profile *p = fixture_make("shop"), *redacted = profile_redact(p);

	profile_free(p);
	return redacted;
}
