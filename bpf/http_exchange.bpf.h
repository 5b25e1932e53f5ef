/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What reads and writes of a connection share: its marked requests. */
#ifndef REQPROF_HTTP_EXCHANGE_BPF_H
#define REQPROF_HTTP_EXCHANGE_BPF_H

#include "http.bpf.h"

/* Request n, if it is marked. */
static __always_inline live_ref marked(const struct http_conn *c, __u32 n)
{
	if (!c->any_marked)
		return 0;
	for (int i = 0; i < HTTP_MARKED; i++) {
		if (c->marked[i] && c->marked_at[i] == n)
			return c->marked[i];
	}
	return 0;
}

static __always_inline void unmark(struct http_conn *c, __u32 n)
{
	for (int i = 0; i < HTTP_MARKED; i++) {
		if (c->marked[i] && c->marked_at[i] == n)
			c->marked[i] = 0;
	}
}

/* Nothing more is owed for request n. end_ns 0: the last write. */
static __always_inline void answer(struct http_conn *c, __u32 n, __u64 end_ns, __u32 how)
{
	__u32 reader = c->owed[n & (HTTP_OWED - 1)] & OWED_READER;
	live_ref ref = marked(c, n);

	if (ref)
		unmark(c, n);
	if (__sync_val_compare_and_swap(&c->answered, n, n + 1) != n)
		return;
	if (ref)
		request_end(ref, end_ns, how);
	request_answered(reader);
}

/* Is the response at hand one whose end only other events show? With more than one owed it stays open which of them is meant. */
static __always_inline int http_inferable(const struct http_conn *c)
{
	return http_owed(c) == 1 && c->wrote && (c->out.phase == HTTP_UNTIL_CLOSE || c->out.phase == HTTP_LOST);
}

#endif
