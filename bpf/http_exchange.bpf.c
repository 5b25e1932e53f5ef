// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The end of what is owed for a request.
 *
 * Request n of a connection is read by the program of reads (http_receive.bpf.c) and answered by the program of writes (http_send.bpf.c), by a
 * close, or by what proves its response complete afterwards. Whoever advances `answered` past n, with an atomic, is the one who reports its end: so
 * request_answered() is called once for each request_read().
 */
#include "http_exchange.bpf.h"

live_ref http_marked(struct http_conn *c, __u32 n)
{
	if (!c)
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

static __always_inline int answer(struct http_conn *c, __u32 n, __u64 end_ns, __u32 how)
{
	__u32 reader = c->owed[n & (HTTP_OWED - 1)] & OWED_READER;
	live_ref ref = marked(c, n);

	if (ref)
		unmark(c, n);
	if (__sync_val_compare_and_swap(&c->answered, n, n + 1) != n)
		return 0;
	if (ref)
		request_end(ref, end_ns, how);
	request_answered(reader);
	return 0;
}

int http_answer(struct http_conn *c, __u32 n, __u64 end_ns, __u32 how)
{
	return c ? answer(c, n, end_ns, how) : 0;
}

/* What can be said of a response that nothing will be added to. */
static __always_inline __u32 how_ended(const struct http_conn *c)
{
	switch (c->out.phase) {
	case HTTP_UNTIL_CLOSE:
		return RP_END_SEEN;
	case HTTP_LOST:
		return c->wrote ? RP_END_INFERRED : RP_END_CUT_OFF;
	case HTTP_START:
		return RP_END_CUT_OFF;
	}
	return c->status || c->out.phase == HTTP_STATUS ? RP_END_INFERRED : RP_END_CUT_OFF;
}

static long abandon_one(__u32 i, struct http_conn **conn)
{
	struct http_conn *c = *conn;
	__u32 n = c->answered;

	if (n == c->read)
		return 1;
	http_answer(c, n, 0, i ? RP_END_CUT_OFF : how_ended(c));
	return 0;
}

int http_abandon(struct http_conn *c)
{
	if (c)
		bpf_loop(HTTP_OWED + 1, abandon_one, &c, 0);
	return 0;
}

int http_is_marked(struct http_conn *c)
{
	return c && marked(c, c->answered);
}

int http_infer(struct http_conn *c)
{
	if (!c || !http_inferable(c) || !http_acquire(&c->out))
		return 0;
	answer(c, c->answered, 0, RP_END_INFERRED);
	http_restart(&c->out);
	c->status = 0;
	http_release(&c->out);
	return 0;
}
