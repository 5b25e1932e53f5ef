// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * HTTP/1.x on the sockets of followed processes: the programs, the state of a socket, and whether its bytes are seen without a gap.
 *
 * A connection is in sync if its first byte was seen. For TCP the bytes read so far tell: they equal the stream's position at every read, or
 * something took bytes that no event showed. For Unix sockets there is no position: those that were open at attach are noted by the tracer.
 */
#include "http_ready.bpf.h"

#define SOCK_STREAM_TYPE 1      /* include/linux/net.h */

/* include/net/tcp_states.h */
#define STATE_FIN_WAIT1 4
#define STATE_CLOSE 7
#define STATE_LAST_ACK 9
#define STATE_LISTEN 10

/* include/linux/socket.h */
#define FLAG_OOB 1
#define FLAG_PEEK 2
#define FLAG_TRUNC 0x20
#define FLAG_ERRQUEUE 0x2000

#define POSITION_TRIES 8

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct http_conn);
} http_conns SEC(".maps");

__u32 threads_listed = 0;       /* the threads of all followed processes are; user space clears it and the next before it follows more */
__u32 http_unix_listed = 0;     /* the Unix sockets of all followed processes are noted */

/* ---- state of a socket ------------------------------------------------------------------------------------------- */

/* Most sockets of the machine have no state of any program: they cost no call. */
static __always_inline struct http_conn *conn_of(struct sock *sk)
{
	return sk->sk_bpf_storage ? bpf_sk_storage_get(&http_conns, sk, 0, 0) : NULL;
}

static __always_inline struct http_conn *conn_new(struct sock *sk)
{
	struct http_conn *c = bpf_sk_storage_get(&http_conns, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	const struct rp_arrival *a;

	if (!c) {
		COUNT(storage_failed);
		return NULL;
	}
	a = bpf_sk_storage_get(&http_arrivals, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!a)
		COUNT(storage_failed);
	c->local = sk->__sk_common.skc_family == RP_AF_UNIX;
	c->fresh = !(c->local && a && a->was_open);
	c->in.flags = HTTP_FIRST;
	c->out.flags = HTTP_RESPONSE;
	return c;
}

static __always_inline int is_stream(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return sk->sk_type == SOCK_STREAM_TYPE && (family == RP_AF_INET || family == RP_AF_INET6 || family == RP_AF_UNIX);
}

/* ---- in sync? ---------------------------------------------------------------------------------------------------- */

/* Bytes that were read from the stream. A FIN in the queue counts as a byte that was received. */
static __always_inline __u64 consumed(const struct tcp_sock *tp)
{
	return tp->bytes_received - (__u32)(tp->rcv_nxt - tp->copied_seq);
}

/* Does the position agree with the bytes seen? New bytes may arrive between the loads: a few tries tell that from a gap. */
static __always_inline int position_agrees(struct http_conn *c, const struct tcp_sock *tp, __u8 fin)
{
	__u64 at = 0;

	for (int i = 0; i < POSITION_TRIES; i++) {
		at = consumed(tp);
		if (at == c->position || (fin && at + 1 == c->position))
			return 1;
		asm volatile("" : : : "memory");
	}
	c->position = at + fin;
	return 0;
}

/* The first read. What has sent before it received is a client, or no HTTP; a Unix socket without address was not accepted by a listener. */
static __always_inline void first_read(struct http_conn *c, struct sock *sk, const struct tcp_sock *tp, int agrees)
{
	c->fresh = 0;
	if (c->local) {
		c->sync = http_unix_listed;
		if (!BPF_CORE_READ((struct unix_sock *)sk, addr))
			c->off = HTTP_CLIENT;
		return;
	}
	c->sync = agrees;
	if (!agrees)
		c->in.flags = 0;
	else if (tp && tp->bytes_sent)
		c->off = HTTP_CLIENT;
}

static __always_inline void gap(struct http_conn *c)
{
	COUNT(out_of_sync);
	c->sync = 0;
	c->wrote = 0;
	c->reading = 0;
	http_slot_drop(c);
	http_restart(&c->in);
}

/* n bytes were read. 0 = their place in the stream is known to follow the last ones. */
static __always_inline int out_of_place(struct http_conn *c, struct sock *sk, __u32 n)
{
	struct tcp_sock *tp = NULL;
	int agrees = 1;

	if (!c->local) {
		tp = bpf_skc_to_tcp_sock(sk);
		if (!tp) { /* MPTCP, SCTP, … */
			c->off = HTTP_OTHER;
			return 1;
		}
		c->position += n;
		agrees = position_agrees(c, tp, sk->sk_shutdown & SHUTDOWN_RECEIVE);
	}
	if (c->fresh)
		first_read(c, sk, tp, agrees);
	else if (!agrees && c->sync)
		gap(c);
	return c->off != HTTP_ON;
}

/* ---- reads ------------------------------------------------------------------------------------------------------- */

static __always_inline void lose_sync(struct http_conn *c)
{
	c->sync = 0;
	http_restart(&c->in);
}

/* When the bytes came that were read (http_slot.ready_ns): not known if the read before left others, or if they do not begin a request. Packets of
 * a Unix socket have no number, so it is looked up at each read: what it was at the last one is no news, and what is there now may be the time of a
 * packet that came behind. */
static __always_inline __u64 ready_ns(struct http_conn *c, struct sock *sk)
{
	__u64 last = c->ready_ns, t = c->local ? arrival(sk, 0) : HTTP_READY_ASK;
	__u32 left;

	asm volatile("" : : : "memory");
	left = sk->sk_receive_queue.qlen;
	c->ready_ns = left ? HTTP_READY_UNKNOWN : c->local ? t : 0;
	if (c->in.phase != HTTP_START || last == HTTP_READY_UNKNOWN || last == t || (c->local && left))
		return 0;
	return t;
}

/* Out of sync it joins here. */
static __always_inline void read_bytes(struct http_run *r, __u32 n, int flags, __u64 ready_ns)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = c->slot ? http_slot_kept(c) : http_slot_scratch();
	int incomplete;

	if (!s) {
		lose_sync(c);
		return;
	}
	r->slot = s;
	s->joining = !c->sync;
	s->window = c->in.phase == HTTP_START && c->sync && !c->slot && !(flags & FLAG_TRUNC) ? HTTP_WINDOW : 0;
	if (!s->carried)
		s->ready_ns = ready_ns;
	if (http_bytes(s, n, 0) || (flags & FLAG_TRUNC && !c->local)) {
		s->hidden = 1;
		COUNT(unreadable);
	}
	incomplete = http_receive(r);
	c = r->conn; /* not kept on the stack, which is deep in there; so below */
	s = r->slot;
	if (!incomplete && !c->slot)
		s->token = 0;
	else if (http_slot_put(c, s, incomplete))
		lose_sync(c);
}

static __always_inline void received(struct http_run *r, __u32 n, int flags)
{
	struct http_conn *c = r->conn;
	__u64 ready;
	int joins;

	if (out_of_place(c, r->sk, n))
		return;
	ready = ready_ns(c, r->sk);
	joins = c->wrote;
	if (!c->sync)
		c->wrote = 0;
	if (c->sync || joins)
		read_bytes(r, n, flags, ready);
}

/* The peer will send nothing more. */
static __always_inline void received_end(struct http_conn *c, struct sock *sk)
{
	if (!(sk->sk_shutdown & SHUTDOWN_RECEIVE) || !http_acquire(&c->in))
		return;
	if (c->local || c->out.phase == HTTP_LOST) /* else a close will be seen */
		http_infer(c);
	http_slot_drop(c);
	http_release(&c->in);
}

/* Whose requests are left to a handler? Those of connections that are given up, but for those on which the target is the client. */
static __always_inline void tell_rest(const struct http_conn *c, struct sock *sk)
{
	if (c->off == HTTP_OTHER || c->off == HTTP_GIVEN_UP)
		handler_read(number_of(sk));
	else if (!c->off)
		handler_read(HANDLER_PLAIN);
}

/* Last of all: nothing has to be kept on the stack for it. */
static __always_inline void show_handlers(struct sock *sk, int ret)
{
	if (handlers_to_check > 0 && ret && is_stream(sk) && followed(bpf_get_current_task_btf()))
		handler_saw(ret);
}

/* (While processes are marked that were not listed yet, their bits are missing.) */
static __always_inline int is_followed(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return (!threads_listed || may_be_followed(task)) && followed_on_sockets(task);
}

/* Every socket of the machine comes here. */
static __always_inline int is_of_use(void)
{
	return processes_on_sockets || contextual_requests;
}

SEC("?tp_btf/sock_recv_length")
int BPF_PROG(http_received, struct sock *sk, int ret, int flags)
{
	struct http_run r = {.sk = sk, .ctx = ctx};
	struct http_conn *c;

	if (ret < 0 || flags & (FLAG_PEEK | FLAG_OOB | FLAG_ERRQUEUE) || !(is_of_use() || handlers_to_check > 0))
		return 0;
	c = conn_of(sk);
	if (!c && is_stream(sk) && is_followed())
		c = conn_new(sk);
	else if (c && handlers_instead && !followed_on_sockets(bpf_get_current_task_btf()))
		c = NULL; /* accepted on a socket that another process listens on, too, or did so before its handler was found */
	if (contextual_requests && ret && (!c || c->off || !c->sync))
		peer_received(number_of(sk));
	if (!c || c->off || c->closed) {
		if (handlers_of_rest && c && ret)
			tell_rest(c, sk);
		show_handlers(sk, ret);
		return 0;
	}
	if (!ret) {
		received_end(c, sk);
		return 0;
	}
	COUNT_OFTEN(received);
	r.conn = c;
	if (!http_acquire(&c->in)) {
		COUNT(framing_lost);
		c->off = HTTP_GIVEN_UP;
		return 0;
	}
	received(&r, ret, flags);
	c = r.conn;
	http_release(&c->in);
	if (handlers_of_rest) {
		tell_rest(c, sk);
		show_handlers(sk, ret);
	}
	return 0;
}

/* Bytes come into a socket: when they came into an empty one before a request is what its socket_queue time is counted from. */
SEC("?tp_btf/sk_data_ready")
int BPF_PROG(http_data_ready, struct sock *sk)
{
	struct http_conn *c;

	if (!is_of_use() || sk->__sk_common.skc_state == STATE_LISTEN)
		return 0;
	if (contextual_requests) {
		c = conn_of(sk);
		if (!c || c->off || !c->sync)
			peer_ready(number_of(sk));
	}
	if (sk->sk_bpf_storage && is_stream(sk))
		http_arrived(sk);
	return 0;
}

/* ---- writes ------------------------------------------------------------------------------------------------------ */

/* Out of sync, a write proves that the requests before it were read, unless it is a 1xx. */
static __always_inline int is_final(struct http_slot *s)
{
	const char *p = http_at(s, 0);

	s->window = HTTP_CHUNK_WINDOW;
	return http_fetch(s) || s->end < 10 || p[0] != 'H' || p[4] != '/' || p[9] != '1';
}

/* … and what it has fetched is HTTP at all: a connection that was there before it was followed may be one to a database. */
static __always_inline int is_response(struct http_slot *s)
{
	const char *p = http_at(s, 0);

	return s->end >= 10 && p[0] == 'H' && p[1] == 'T' && p[2] == 'T' && p[3] == 'P' && p[4] == '/';
}

static __always_inline void sent(struct http_run *r, __u32 n)
{
	struct http_conn *c = r->conn;
	struct http_slot *s = http_slot_scratch();

	if (!s) {
		c->out.phase = HTTP_LOST;
		return;
	}
	r->slot = s;
	s->window = c->out.phase == HTTP_START && http_owed(c) ? HTTP_WINDOW : 0;
	if (http_bytes(s, n, 1))
		s->hidden = 1;
	if (http_owed(c)) {
		http_send(r);
	} else {
		c->wrote = is_final(s);
		if (groups && is_response(s))
			claim_is_void(bpf_ktime_get_ns());
	}
	if (!c->sync && http_owed(c))
		c->wrote = 0;
	s->token = 0;
}

SEC("?tp_btf/sock_send_length")
int BPF_PROG(http_sent, struct sock *sk, int ret, int flags)
{
	struct http_run r = {.sk = sk, .ctx = ctx};
	struct http_conn *c;

	if (ret <= 0 || !is_of_use())
		return 0;
	c = conn_of(sk);
	if (contextual_requests && (!c || c->off || !c->sync || c->fresh))
		peer_sent(number_of(sk));
	if (!c || c->off || c->closed || (c->sync && !http_owed(c)))
		return 0;
	if (groups && c->sync && !http_is_marked(c))
		claim_is_void(bpf_ktime_get_ns());
	if (c->sync && c->owed[c->answered & (HTTP_OWED - 1)] & OWED_INFER) {
		c->wrote = 1;
		c->out.phase = HTTP_LOST;
		return 0;
	}
	if (c->fresh) {
		c->off = HTTP_CLIENT;
		return 0;
	}
	r.conn = c;
	if (!http_acquire(&c->out)) {
		COUNT(framing_lost);
		c->off = HTTP_GIVEN_UP;
		return 0;
	}
	sent(&r, ret);
	http_release(&c->out);
	return 0;
}

/* ---- begin and end of connections -------------------------------------------------------------------------------- */

SEC("?tp_btf/inet_sock_set_state")
int BPF_PROG(http_state, struct sock *sk, int old_state, int new_state)
{
	struct http_conn *c;

	if (new_state == STATE_LISTEN) {
		if (is_stream(sk) && followed_on_sockets(bpf_get_current_task_btf()) &&
		    !bpf_sk_storage_get(&http_arrivals, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
			COUNT(storage_failed);
		return 0;
	}
	if (new_state != STATE_FIN_WAIT1 && new_state != STATE_LAST_ACK && new_state != STATE_CLOSE)
		return 0;
	c = conn_of(sk);
	if (!c || __sync_lock_test_and_set(&c->closed, 1))
		return 0;
	http_slot_drop(c);
	http_abandon(c);
	return 0;
}
