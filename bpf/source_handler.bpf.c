// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Requests as calls of a handler: probes on its entry, on its return or on the function that ends what it began. The URL comes from the arguments, as
 * user space has worked out (reqprof_handler.h).
 *
 * A return that never comes (longjmp, an exception, the end of the thread) is noticed when the call is no longer on the stack: at the next entry,
 * or when the thread waits in the kernel.
 */
#include "handler.bpf.h"
#include "http.bpf.h"


__u32 handlers_used = 0;
__u32 handlers_instead = 0;
__u32 handlers_of_rest = 0;

/* ---- connections that do not speak plain HTTP/1 --------------------------------------------------------------------------- */

int handler_read(__u64 sk)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (t)
		t->rest = sk;
	return 0;
}

/* Is the call about one? The socket source reports the others. */
static __always_inline int is_rest(const struct rp_handler *h, struct pt_regs *regs)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);
	__u64 fd;

	if (!h->socket.base)
		return !t || t->rest != HANDLER_PLAIN; /* a thread that reads none is handed streams of HTTP/2 */
	return t && !handler_follow(&h->socket, handler_argument(h, regs, h->socket.base), &fd) && number_of(object_socket(task, fd)) == t->rest;
}

/* ---- begin ------------------------------------------------------------------------------------------------------------- */

static __always_inline void fill_addresses(struct request_start *b, const struct rp_handler *h, const struct handler_values *v)
{
	struct sock *sk = NULL;
	__u64 fd;

	if (h->socket.base && !handler_value(&h->socket, v, &fd))
		sk = object_socket(bpf_get_current_task_btf(), fd);
	b->sk = number_of(sk);
	b->local.family = b->remote.family = 0;
	if (!sk)
		return;
	socket_address(b->sk, 0, &b->local);
	socket_address(b->sk, 1, &b->remote);
}

static __always_inline void fill_start(struct http_slot *s, const struct rp_handler *h, const struct handler_values *v, __u32 reader)
{
	struct request_start *b = &s->begin;

	b->begin_ns = http_now(s);
	b->tentative_cpu_ns = 0;
	b->socket_queue_ns = RP_UNKNOWN_NS;
	b->pipeline_queue_ns = 0;
	b->sender = 0;
	b->marker = s->marker ? s->marker - 1 : RP_NO_MARKER;
	b->flags = RP_BEGIN_HANDLER;
	b->reader = reader;
	b->line_len = s->line_len;
	b->ahead = 0;
	if (h->flags & RP_HANDLER_TURNS)
		b->work = WORK_TURN;
	else
		b->work = h->flags & RP_HANDLER_ENDS && !(h->flags & RP_HANDLER_ALONE) ? WORK_READ : WORK_CALL;
	fill_addresses(b, h, v);
}

/* A request to be recorded, or 0. */
static __always_inline live_ref recognise(void *ctx, const struct rp_handler *h, struct handler_values *v, __u32 reader)
{
	struct http_slot *s = http_slot_scratch();
	live_ref ref = 0;

	if (!s)
		return 0;
	s->now = 0;
	s->marker = 0;
	s->line_len = 0;
	if (!(h->flags & RP_HANDLER_ALL)) {
		if (!handler_line(s, h, v, bpf_get_attach_cookie(ctx)) && (s->query || cfg.n_path_markers))
			http_marker(s);
	}
	if (s->marker || h->flags & RP_HANDLER_ALL) {
		fill_start(s, h, v, reader);
		ref = request_begin_untimed(ctx, &s->begin, s->bytes);
	}
	s->token = 0;
	return ref;
}

/* ---- calls that end with their request ------------------------------------------------------------------------------------ */

static __always_inline void tell_status(const struct rp_handler_path *p, live_ref ref, __u64 base)
{
	__u64 status = 0;

	if (ref && p->base && !handler_follow(p, base, &status))
		request_status(ref, status & NUMBER_MASK);
}

static __always_inline void end_call(struct rp_thread *t, __u64 now, __u32 how)
{
	live_ref ref = t->call;

	t->call_sp = 0;
	t->call = 0;
	request_answered(t->call_reader);
	if (ref)
		request_end(ref, now, how);
}

static __always_inline void lose_call(struct rp_thread *t, __u64 now)
{
	COUNT(handler_lost);
	end_call(t, now, RP_END_INFERRED);
}

static __always_inline void enter_call(struct pt_regs *regs, const struct rp_handler *h, struct handler_values *v, struct rp_thread *t)
{
	if (t->call_sp && regs->sp < t->call_sp && !is_overwritten(bpf_get_current_task_btf(), t->call_sp, t->call_return))
		return; /* called from within: the outermost one counts */
	if (t->call_sp)
		lose_call(t, bpf_ktime_get_ns());
	t->call_handler = bpf_get_attach_cookie(regs);
	t->call_base = handler_base(v, &h->status);
	t->call_sp = regs->sp;
	t->call_return = 0;
	bpf_probe_read_user(&t->call_return, sizeof t->call_return, (void *)regs->sp);
	t->call_reader = request_read(0, 0) & RP_READ_READER;
	t->call = recognise(regs, h, v, t->call_reader);
}

/* ---- calls that another function ends --------------------------------------------------------------------------------------- */

static __always_inline void end_open(const struct rp_handler *h, struct open_call *c, __u64 now, __u32 how)
{
	if (!c->reply)
		tell_status(&h->status, c->ref, c->base);
	else if (c->ref && how == RP_END_SEEN)
		request_status(c->ref, handler_reply_status(h, c->reply, c->base));
	request_answered(c->reader);
	if (c->ref)
		request_end(c->ref, now, how);
}

#define STACK_HIGH 8            /* runtime/runtime2.go: g begins with its stack, lo and hi */
#define GROWTH_NS 1000000       /* to copy a stack takes less */

/* Go moves stacks: how deep they are stays. */
static __always_inline __u64 go_depth(struct pt_regs *regs)
{
	__u64 high = 0;

	bpf_probe_read_user(&high, sizeof high, (void *)(regs->r14 + STACK_HIGH));
	return high - regs->sp;
}

/* Called from within, or once more because its stack had to grow? */
static __always_inline int is_same_call(const struct open_call *old, const struct open_call *c)
{
	return c->depth > old->depth || (c->depth == old->depth && c->arguments == old->arguments && c->t - old->t < GROWTH_NS);
}

static __always_inline void fill_go(struct open_call *c, const struct handler_values *v, struct pt_regs *regs)
{
	c->depth = go_depth(regs);
	c->arguments = 0;
	for (__u32 i = 0; i < 4; i++)
		c->arguments ^= handler_value_of(v, RP_BASE_ARGUMENT + i);
	c->t = bpf_ktime_get_ns();
}

/* Requests that are not recorded are only counted, by thread: what a loop in C does millions of times a second has to be cheap. */
static __always_inline int counts_only(const struct rp_handler *h)
{
	return (h->flags & (RP_HANDLER_TURNS | RP_HANDLER_GO | RP_HANDLER_AGAIN)) == RP_HANDLER_TURNS;
}

static __always_inline void count_open(int n)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);

	if (!t || (n < 0 && !t->turns_open))
		return; /* begun before it was followed */
	t->turns_open += n;
	if (n < 0)
		request_answered(t->reader);
}

/* Non-zero: it is a call from within, or one more of the same request. */
static __always_inline int end_before(const struct rp_handler *h, const struct open_call_key *key, const struct open_call *c)
{
	struct open_call *old = bpf_map_lookup_elem(&open_calls, key);

	if (!old)
		return 0;
	if (h->flags & RP_HANDLER_AGAIN || (h->flags & RP_HANDLER_GO && is_same_call(old, c)))
		return 1;
	COUNT(handler_lost);
	end_open(h, old, bpf_ktime_get_ns(), RP_END_INFERRED);
	return 0;
}

/* A request of which the handler says that it has no query has no marker there. */
static __always_inline int has_no_query(struct pt_regs *regs, const struct rp_handler *h)
{
	__u64 length;

	return h->query.base && !cfg.n_path_markers && !(h->flags & RP_HANDLER_ALL) && handler_believed(bpf_get_attach_cookie(regs)) &&
	       !handler_follow(&h->query, handler_argument(h, regs, h->query.base), &length) && !length;
}

/* Nearly all calls: of a handler that only counts, nothing is recorded, and there is no marker. */
static __always_inline int is_counted_only(struct pt_regs *regs, const struct rp_handler *h)
{
	return h->flags & RP_HANDLER_ENDS && counts_only(h) && !live_requests && has_no_query(regs, h);
}

static __always_inline void enter_open(struct pt_regs *regs, const struct rp_handler *h, struct handler_values *v)
{
	struct open_call_key key;
	struct open_call c = {};
	__u64 id;

	if (handler_value(&h->id, v, &id) || (h->id.base && !id))
		return; /* uWSGI asks for an application without a request when it starts */
	open_call_key(&key, id);
	if (h->flags & RP_HANDLER_GO)
		fill_go(&c, v, regs);
	if ((!counts_only(h) || live_requests) && end_before(h, &key, &c))
		return;
	if ((h->flags & (RP_HANDLER_TURNS | RP_HANDLER_GO)) == RP_HANDLER_TURNS && live_requests)
		turn_over(bpf_ktime_get_ns());
	c.base = handler_base(v, h->replied.base ? &h->replies[0].status : &h->status);
	c.reader = request_read(0, 0) & RP_READ_READER;
	c.ref = recognise(regs, h, v, c.reader);
	if (c.ref && h->replied.base)
		c.reply = handler_reply(h, v);
	if (counts_only(h) && !c.ref) {
		count_open(1);
		return;
	}
	if (bpf_map_update_elem(&open_calls, &key, &c, BPF_ANY)) {
		COUNT(storage_failed);
		end_open(h, &c, bpf_ktime_get_ns(), RP_END_CUT_OFF);
		return;
	}
	if (c.ref && h->flags & RP_HANDLER_TURNS)
		turn_begun(c.ref, h->flags & RP_HANDLER_GO ? 0 : turn_around(h, regs->sp), bpf_ktime_get_ns());
}

/* A call that is no request: what it costs is tried, or whether its URL is right. */
static __always_inline void try_entry(struct pt_regs *regs, const struct rp_handler *h, struct handler_values *v)
{
	struct http_slot *s = http_slot_scratch();

	if (!s)
		return;
	handler_line(s, h, v, bpf_get_attach_cookie(regs));
	s->token = 0;
}

/* ---- programs ------------------------------------------------------------------------------------------------------------------- */

SEC("?uprobe")
int on_handler_entry(struct pt_regs *regs)
{
	const struct rp_handler *h = handler_of(regs);
	struct handler_values v;
	struct rp_thread *t;
	int tried;

	if (!h)
		return 0;
	tried = h->flags & RP_HANDLER_TRIAL || (h->flags & RP_HANDLER_REST && !is_rest(h, regs));
	if (tried && !(h->flags & RP_HANDLER_TRIAL) && handlers_to_check <= 0)
		return 0;
	if (!tried && is_counted_only(regs, h)) {
		request_read(0, 1);
		return 0;
	}
	handler_values(&v, h, regs);
	if (tried) {
		try_entry(regs, h, &v);
		return 0;
	}
	if (h->flags & RP_HANDLER_ENDS) {
		enter_open(regs, h, &v);
		return 0;
	}
	t = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (t)
		enter_call(regs, h, &v, t);
	else
		COUNT(storage_failed);
	return 0;
}

/* The stack pointer is where it was at the entry, at the return instruction, or one word above it, behind that. */
SEC("?uprobe")
int on_handler_return(struct pt_regs *regs)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
	const struct rp_handler *h = handler_of(regs);
	__u64 base = PT_REGS_RC(regs);

	http_opaque(base);
	if (!t || !h || !t->call_sp || regs->sp < t->call_sp || t->call_handler != (__u32)bpf_get_attach_cookie(regs))
		return 0;
	if (h->status.base != RP_BASE_RESULT)
		base = t->call_base;
	tell_status(&h->status, t->call, base);
	end_call(t, bpf_ktime_get_ns(), RP_END_SEEN);
	return 0;
}

SEC("?uprobe")
int on_handler_end(struct pt_regs *regs)
{
	const struct rp_handler *h = handler_of(regs);
	struct open_call_key key;
	struct handler_values v;
	struct open_call *c;
	__u64 id;

	if (!h)
		return 0;
	if (counts_only(h) && !live_requests) {
		count_open(-1);
		return 0;
	}
	handler_values(&v, h, regs);
	if (handler_value(&h->end_id, &v, &id))
		return 0;
	open_call_key(&key, id);
	c = bpf_map_lookup_elem(&open_calls, &key);
	if (!c) {
		if (counts_only(h))
			count_open(-1);
		return 0; /* begun before it was followed */
	}
	if (h->flags & RP_HANDLER_GO && go_depth(regs) > c->depth)
		return 0; /* called from within */
	end_open(h, c, bpf_ktime_get_ns(), RP_END_SEEN);
	bpf_map_delete_elem(&open_calls, &key);
	return 0;
}

/* ---- ends that nobody tells -------------------------------------------------------------------------------------------------------- */

int handler_check(__u64 now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);

	if (t && t->call_sp && t->call && is_left(task, t->call_sp, t->call_return))
		lose_call(t, now);
	if (t && t->turn)
		turn_check(now);
	return 0;
}

int handler_thread_ends(__u64 now)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);

	if (t && t->call_sp)
		lose_call(t, now);
	return 0;
}
