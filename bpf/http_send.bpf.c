// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Responses: from the bytes that a connection's writes take. */
#include "http_exchange.bpf.h"

static __always_inline void report_sent(struct http_run *r, live_ref ref)
{
	struct http_slot *s = r->slot;
	__u32 consumed = http_consumed(s);

	if (consumed > s->start)
		request_sent(r->ctx, ref, http_now(s), consumed - s->start, r->conn->status);
	s->start = consumed;
}

static __always_inline int lose(struct http_conn *c)
{
	COUNT(framing_lost);
	c->out.phase = HTTP_LOST;
	return 1;
}

static __always_inline int got_response(struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;
	__u32 n = c->answered;
	live_ref ref = marked(c, n), next = marked(c, n + 1);

	if (ref)
		report_sent(r, ref);
	s->start = http_consumed(s);
	http_restart(&c->out);
	c->status = 0;
	if (python_processes)
		c->sender = context_now();
	if (c->slot)
		c->turn_ns = http_now(s);
	http_answer(c, n, ref ? http_now(s) : 0, RP_END_SEEN);
	if (next)
		request_turn(r->ctx, next, http_now(s));
	return 0;
}

/* Non-zero: the connection carries something else from here on. */
static __always_inline int is_tunnel(const struct http_conn *c)
{
	__u16 request = c->owed[c->answered & (HTTP_OWED - 1)], status = c->status;

	return status == 101 || (request & OWED_CONNECT && status && status < 300);
}

/* What follows the head: HTTP_MORE, HTTP_GOT_MESSAGE if nothing does, HTTP_FAILED. */
static __always_inline int got_response_head(struct http_conn *c)
{
	__u16 request = c->owed[c->answered & (HTTP_OWED - 1)], status = c->status;

	if (!status) { /* 1xx: the response is still to come */
		http_restart(&c->out);
		return HTTP_MORE;
	}
	if (is_tunnel(c))
		return HTTP_GOT_MESSAGE;
	return http_body(&c->out, request & OWED_HEAD || status == 204 || status == 304);
}

static __always_inline int response_event(struct http_run *r, int e)
{
	struct http_conn *c = r->conn;
	int tunnel = 0;

	if (e == HTTP_GOT_LINE) {
		c->status = c->out.length >= 200 || c->out.length == 101 ? c->out.length : 0;
		return 0;
	}
	if (e == HTTP_GOT_HEAD) {
		tunnel = is_tunnel(c);
		e = got_response_head(c);
		if (e == HTTP_MORE)
			return 0;
	}
	if (e != HTTP_GOT_MESSAGE)
		return lose(c);
	got_response(r);
	if (tunnel)
		c->off = HTTP_TUNNEL;
	return tunnel;
}

static __always_inline int refill_response(struct http_message *m, struct http_slot *s)
{
	s->pos = s->end = 0;
	s->window = http_window(m);
	return http_fetch(s);
}

static long send_step(__u32 i, struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;
	struct http_message *m = &c->out;
	int e;

	if ((s->pos >= s->end && !s->left) || m->phase == HTTP_LOST || !http_owed(c))
		return 1;
	if (http_counts(m)) {
		e = http_skip(m, s);
	} else if (s->pos < s->end) {
		e = http_step(m, s, &c->trace);
	} else {
		if (!refill_response(m, s))
			return 0;
		COUNT(unreadable);
		m->phase = HTTP_LOST;
		return 1;
	}
	return e ? response_event(r, e) : 0;
}

/* The usual response, or more of one: a head with a length, bytes of a body. */
static __noinline void send_whole(struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;
	struct http_message *m = &c->out;

	if (m->phase == HTTP_START && !(c->owed[c->answered & (HTTP_OWED - 1)] & (OWED_HEAD | OWED_CONNECT)) && s->end)
		c->status = http_whole_response(m, s);
	else if (m->phase == HTTP_BODY)
		http_skip(m, s);
	if (m->phase == HTTP_BODY && !m->length)
		got_response(r);
}

__hidden void http_send(struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;
	live_ref ref;

	s->start = 0;
	s->now = 0;
	c->wrote = 1;
	send_whole(r);
	if ((s->pos < s->end || s->left) && !c->off)
		bpf_loop(HTTP_STEPS, send_step, r, 0);
	if (c->off || !http_owed(c))
		return;
	if (c->out.phase != HTTP_LOST && (s->pos < s->end || s->left))
		lose(c);
	ref = marked(c, c->answered);
	if (!ref)
		return;
	s->pos = s->end; /* of a lost response all of it counts */
	s->left = 0;
	report_sent(r, ref);
}
