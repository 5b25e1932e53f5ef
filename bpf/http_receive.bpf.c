// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Requests: from the bytes that a connection's reads deliver. */
#include "http_exchange.bpf.h"
#include "http_ready.bpf.h"

/* ---- marked requests --------------------------------------------------------------------------------------------- */

static __always_inline int marked_room(const struct http_conn *c)
{
	for (int i = 0; i < HTTP_MARKED; i++) {
		if (!c->marked[i])
			return i;
	}
	return -1;
}

/* What was read of the marked request at hand since the last report. */
static __always_inline void report_received(struct http_conn *c, struct http_slot *s)
{
	__u32 consumed = http_consumed(s);

	if (c->in.flags & HTTP_TRACED) {
		c->in.flags &= ~(HTTP_TRACE | HTTP_TRACED);
		if (c->trace.id[0] | c->trace.id[1])
			request_trace_id(c->reading, c->trace.id);
	}
	request_received(c->reading, consumed - s->start + s->carried, s->head_ns, s->body_ns);
	s->start = consumed;
	s->carried = 0;
	s->head_ns = s->body_ns = 0;
}

static __always_inline __u64 queue_ns(__u64 ready_ns, __u64 read_ns)
{
	return ready_ns && ready_ns <= read_ns ? read_ns - ready_ns : RP_UNKNOWN_NS;
}

static __always_inline void fill_begin(struct http_run *r, struct request_start *b, __u32 reader)
{
	struct http_slot *s = r->slot;
	struct http_conn *c = r->conn;

	b->reader = reader;
	b->marker = s->marker - 1;
	b->sender = c->sender;
	b->line_len = s->line_len;
	b->work = WORK_READ;
	b->flags = (s->joining ? RP_BEGIN_JOINED : 0) | (s->carried ? RP_BEGIN_TENTATIVE : 0);
	b->begin_ns = s->carried ? s->first_ns : http_now(s);
	b->pipeline_queue_ns = 0;
	b->ahead = http_owed(c);
	if (!b->ahead && c->turn_ns > b->begin_ns) {
		b->pipeline_queue_ns = c->turn_ns - b->begin_ns;
		b->begin_ns = c->turn_ns;
	}
	b->tentative_cpu_ns = s->carried ? s->cpu_ns : 0;
	b->socket_queue_ns = s->behind ? RP_UNKNOWN_NS : queue_ns(s->ready_ns, s->carried ? s->first_ns : s->now);
	b->sk = number_of(r->sk);
	socket_address(b->sk, 0, &b->local);
	socket_address(b->sk, 1, &b->remote);
}

/* Move the line to the front of the buffer. */
static __always_inline void line_to_front(struct http_slot *s)
{
	__u64 n = s->end - s->line;

	if (!s->line)
		return;
	http_opaque(n);
	if (n > HTTP_FILL_MAX)
		return;
	bpf_probe_read_kernel(s->bytes, n, http_at(s, s->line));
	s->pos -= s->line;
	s->end -= s->line;
	s->line = 0;
}

/* There is room for it. (That is looked for again: where the request begins not even a number is kept on the stack, which is deep elsewhere.) */
static __always_inline void keep_marked(struct http_conn *c, live_ref ref)
{
	__u32 i = marked_room(c);

	if (i >= HTTP_MARKED)
		return;
	c->marked_at[i] = c->read;
	c->marked[i] = ref;
	c->any_marked = 1;
	c->reading = ref;
	c->in.flags |= HTTP_TRACE;
}

static __always_inline void begin_marked(struct http_run *r, __u32 reader)
{
	struct http_slot *s = r->slot;
	live_ref ref;

	if ((__u32)marked_room(r->conn) >= HTTP_MARKED) {
		COUNT(pipelined_refused);
		return;
	}
	http_ready_ns(r->sk, s);
	fill_begin(r, &s->begin, reader);
	line_to_front(s);
	ref = request_begin(r->ctx, &s->begin, s->bytes);
	if (ref)
		keep_marked(r->conn, ref);
}

static __always_inline int give_up(struct http_conn *c)
{
	COUNT(framing_lost);
	c->off = HTTP_GIVEN_UP;
	return 1;
}

/* The line at hand is that of request c->read: who reads it, what its response depends on. Returns the reader. */
static __always_inline __u32 enter(struct http_conn *c, struct http_slot *s, int may_infer)
{
	__u32 ahead = http_owed(c);
	__u32 reader = request_read(c->owed[(c->read - 1) & (HTTP_OWED - 1)] & OWED_READER, 0);
	__u16 owed = reader & OWED_READER;

	if (reader & RP_READ_PACE)
		s->pace = owed;
	if (s->kind & HTTP_LINE_HEAD)
		owed |= OWED_HEAD;
	if (s->kind & HTTP_LINE_CONNECT)
		owed |= OWED_CONNECT;
	if (may_infer && reader & RP_READ_HURRIED && !ahead)
		owed |= OWED_INFER;
	else if (ahead == 1 && !c->wrote) /* pipelined: what follows from the next request is not that the one before is answered */
		c->owed[c->answered & (HTTP_OWED - 1)] &= ~OWED_INFER;
	c->owed[c->read & (HTTP_OWED - 1)] = owed;
	return reader & OWED_READER;
}

static __always_inline void entered(struct http_conn *c, struct http_slot *s)
{
	s->behind = 1;
	c->turn_ns = 0;
	c->wrote = 0;
	__sync_fetch_and_add(&c->read, 1); /* from here on it can be answered */
}

/* The line at hand is a request. */
static __always_inline int accept(struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;
	__u32 reader;

	if (http_inferable(c))
		http_infer(c);
	if (http_owed(c) >= HTTP_OWED)
		return give_up(c);
	if (s->cut)
		COUNT(line_too_long);
	s->marker = 0;
	if (s->query || cfg.n_path_markers)
		http_marker(s);
	reader = enter(c, s, !s->marker);
	if (s->marker)
		begin_marked(r, reader);
	entered(c, s);
	if (c->reading && s->begin.ahead && http_owed(c) == 1) /* the one before was answered meanwhile */
		request_turn(r->ctx, c->reading, bpf_ktime_get_ns());
	if (c->closed)
		http_abandon(c);
	return 0;
}

static __always_inline int foreign(struct http_conn *c, struct http_slot *s, int kind)
{
	if (s->joining)
		return 1;
	if (c->read && kind != HTTP_LINE_STATUS)
		return give_up(c);
	c->off = kind == HTTP_LINE_STATUS ? HTTP_CLIENT : HTTP_OTHER;
	if (kind == HTTP_LINE_2)
		COUNT(http2);
	else if (kind == HTTP_LINE_TLS)
		COUNT(tls);
	else if (kind != HTTP_LINE_STATUS)
		COUNT(not_http);
	return 1;
}

static __always_inline int got_line(struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;
	int kind = http_line(s);

	if (kind == HTTP_LINE_PROXY && c->in.flags & HTTP_FIRST) {
		s->carried = 0;
		http_restart(&c->in);
		return 0;
	}
	if (kind < 0)
		return foreign(c, s, kind);
	c->in.flags &= ~HTTP_FIRST;
	s->kind = kind;
	if (!s->carried)
		s->start = http_consumed(s) - (s->pos - s->line);
	return s->joining ? 0 : accept(r);
}

static __always_inline int got_request(struct http_conn *c, struct http_slot *s)
{
	if (c->reading)
		report_received(c, s);
	c->reading = 0;
	s->start = http_consumed(s);
	s->carried = 0;
	http_restart(&c->in);
	return 0;
}

/* A read that begins with a request line and holds a complete head without body, after a write: back in sync. */
static __always_inline int join(struct http_run *r)
{
	struct http_conn *c = r->conn;
	__u32 before = c->read;

	if (c->in.flags & HTTP_CODING || (c->in.flags & HTTP_LENGTH && c->in.length))
		return 1;
	if (!http_acquire(&c->out))
		return 1;
	c->out.phase = HTTP_LOST; /* what came before was answered, by that write at the latest */
	c->wrote = 1;
	http_abandon(c);
	http_restart(&c->out);
	c->status = 0;
	http_release(&c->out);
	c->sync = 1;
	if (accept(r) || c->read == before)
		return 1;
	r->slot->joining = 0;
	return 0;
}

static __always_inline int got_request_head(struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;
	int e;

	if (s->joining && join(r))
		return 1;
	if (s->kind & HTTP_LINE_10 && c->in.flags & HTTP_CODING)
		return give_up(c);
	if (c->reading)
		s->head_ns = http_now(s);
	e = http_body(&c->in, 0);
	if (e == HTTP_FAILED)
		return give_up(c);
	return e == HTTP_GOT_MESSAGE ? got_request(c, s) : 0;
}

static __always_inline int request_event(struct http_run *r, int e)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;

	switch (e) {
	case HTTP_MORE:
		return 0;
	case HTTP_GOT_LINE:
		return got_line(r);
	case HTTP_GOT_HEAD:
		return got_request_head(r);
	case HTTP_GOT_MESSAGE:
		if (c->reading)
			s->body_ns = http_now(s);
		return got_request(c, s);
	}
	if (e == HTTP_FOREIGN || !c->read)
		return foreign(c, s, http_line_foreign(s));
	return s->joining ? 1 : give_up(c);
}

/* ---- bytes in ---------------------------------------------------------------------------------------------------- */

/* More bytes: behind what is there of a request line, or in place of what is consumed. */
static __always_inline int refill(struct http_message *m, struct http_slot *s)
{
	if (s->joining && s->end)
		return -1;
	s->window = s->joining ? HTTP_WINDOW_MAX : http_window(m);
	if (!http_in_line(m)) {
		s->pos = s->end = 0;
		return http_fetch(s);
	}
	line_to_front(s);
	if (s->end >= RP_LINE_MAX) {
		m->phase = HTTP_LONG_LINE;
		s->pos = s->end = RP_LINE_MAX;
	}
	return http_fetch(s);
}

/* The bytes are not to be had: where the next message begins is unknown. */
static __always_inline int unseen(struct http_conn *c, struct http_slot *s)
{
	if (!s->joining && !s->hidden)
		COUNT(unreadable);
	c->sync = 0;
	c->reading = 0;
	http_restart(&c->in);
	return 1;
}

static long receive_step(__u32 i, struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;
	struct http_message *m = &c->in;
	int e;

	if (s->pos >= s->end && !s->left)
		return 1;
	if (http_counts(m)) {
		e = http_skip(m, s);
	} else if (s->pos < s->end) {
		e = http_step(m, s, &c->trace);
	} else {
		return refill(m, s) ? unseen(c, s) : 0;
	}
	return e ? request_event(r, e) : 0;
}

/* The event ends inside a request line: what must be known when it is complete. */
static __always_inline void suspend_line(struct http_run *r)
{
	struct http_slot *s = r->slot;

	if (!s->carried) {
		if (s->behind)
			s->ready_ns = 0;
		http_ready_ns(r->sk, s);
		s->first_ns = http_now(s);
		s->cpu_ns = 0;
		s->start = http_consumed(s) - (s->end - s->line);
	}
	s->carried += http_consumed(s) - s->start;
	s->tid = bpf_get_current_pid_tgid();
	s->clock = thread_cpu_clock();
}

static __always_inline void resume_line(struct http_slot *s)
{
	if (s->carried && s->tid == (__u32)bpf_get_current_pid_tgid())
		s->cpu_ns += thread_cpu_clock() - s->clock;
}

/* The usual request that is not marked, without the steps below. (A function of its own: what it finds out would make the verifier look at
 * them once for each way to get there.) */
static __noinline void receive_whole(struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;

	if (c->in.phase != HTTP_START || s->carried || s->joining || !s->end || s->left || !http_whole_request(s))
		return;
	s->kind = http_line(s);
	if ((int)s->kind < 0 || ((s->query || cfg.n_path_markers) && http_marker(s)))
		return;
	if (http_inferable(c))
		http_infer(c);
	if (http_owed(c) >= HTTP_OWED)
		return;
	enter(c, s, 1);
	entered(c, s);
	if (c->closed)
		http_abandon(c);
	s->pos = s->end;
	http_restart(&c->in);
}

__hidden int http_receive(struct http_run *r)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = r->slot;

	s->start = 0;
	s->pace = s->behind = 0;
	s->now = s->head_ns = s->body_ns = 0;
	if (s->carried)
		resume_line(s);
	receive_whole(r);
	if (s->pos < s->end || s->left)
		bpf_loop(HTTP_STEPS, receive_step, r, 0);
	if (s->pace)
		request_pace(s->pace, http_ready_ns(r->sk, s));
	if (c->off || !c->sync) {
		http_restart(&c->in);
		return 0;
	}
	if (s->pos < s->end || s->left) { /* more steps than are good */
		give_up(c);
		return 0;
	}
	if (c->reading)
		report_received(c, s);
	if (!http_in_line(&c->in))
		return 0;
	if (!http_line_may_begin(s)) {
		foreign(c, s, http_line_foreign(s));
		return 0;
	}
	suspend_line(r);
	return 1;
}
