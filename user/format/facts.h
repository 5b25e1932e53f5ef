/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The head of a report: what was asked, how it went, what must be known before believing the rest. Printable texts; the caller frees them. */
#ifndef REQPROF_FACTS_H
#define REQPROF_FACTS_H

#include "profile/profile.h"

#define SEPARATOR " · "

char *fact_request(const struct profile *p, size_t columns); /* "GET /orders?id=…&profile=1", the target cut to that many */
char *fact_answer(const struct profile *p);                  /* "200 · 183.4 ms · first byte after 181.9 ms · 48.2 kB out · 23 Nov 2026 …" */
/* "uvicorn pid 4242 · CPython 3.11 · web1 · 127.0.0.1:40312 → :8000 · 3 other requests in flight" */
char *fact_process(const struct profile *p);
char *fact_quality(const struct profile *p);                 /* "4 stacks truncated · 2 samples lost"; NULL = nothing to say */
char *fact_after(const struct profile *p);                  /* what was done after the response; NULL = nothing */

#endif
