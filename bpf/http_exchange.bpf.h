/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What reads and writes of a connection share: its marked requests. */
#ifndef REQPROF_HTTP_EXCHANGE_BPF_H
#define REQPROF_HTTP_EXCHANGE_BPF_H

#include "http.bpf.h"

/* Request n, if it is marked. Global, as is the next one: the verifier looks at each once. */
live_ref http_marked(struct http_conn *c, __u32 n);

static __always_inline live_ref marked(struct http_conn *c, __u32 n)
{
	return c->any_marked ? http_marked(c, n) : 0;
}

/* Nothing more is owed for request n. end_ns 0: the last write. */
int http_answer(struct http_conn *c, __u32 n, __u64 end_ns, __u32 how);

/* Is the response at hand one whose end only other events show? With more than one owed it stays open which of them is meant. */
static __always_inline int http_inferable(const struct http_conn *c)
{
	return http_owed(c) == 1 && c->wrote && (c->out.phase == HTTP_UNTIL_CLOSE || c->out.phase == HTTP_LOST);
}

#endif
