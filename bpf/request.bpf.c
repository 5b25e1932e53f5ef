// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The life of a marked request: begin, what is read and sent, end. Knows no source and no sampler's insides. */
#include "group.bpf.h"

/* The begin event of the request in each slot, kept until it is sent: a pipelined one begins later. */
struct begin_buffer {
	struct rp_begin event;
	char line[RP_LINE_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RP_MAX_LIVE);
	__type(key, __u32);
	__type(value, struct begin_buffer);
} begins SEC(".maps");

__u32 last_serial = 0;
__u64 live_done = 0;
__u32 live_active = 0;
__u64 rate_allowed_ns = 0;      /* theoretical arrival time of the rate limit */

/* ---- begin ------------------------------------------------------------------------------------------------------- */

/* At most rate_count requests in any burst, refilled evenly over the period (generic cell rate algorithm). */
static __always_inline int rate_allows(__u64 now)
{
	__u64 step, at, from;

	if (!cfg.rate_period_ns || !cfg.rate_count)
		return 1;
	step = cfg.rate_period_ns / cfg.rate_count;
	for (int i = 0; i < 8; i++) {
		at = rate_allowed_ns;
		from = at > now ? at : now;
		if (from + step > now + cfg.rate_period_ns)
			return 0;
		if (__sync_val_compare_and_swap(&rate_allowed_ns, at, from + step) == at)
			return 1;
	}
	return 0;
}

static long take_slot(__u32 slot, __u32 *ret_slot)
{
	struct rp_live *l = live_slot(slot);

	if (!l || __sync_val_compare_and_swap(&l->state, LIVE_FREE, LIVE_TAKEN) != LIVE_FREE)
		return 0;
	*ret_slot = slot;
	return 1;
}

static __always_inline void live_init(struct rp_live *l, const struct request_start *start)
{
	struct rp_reader *r = reader_at(start->reader);
	struct sock *sk = (struct sock *)start->sk;

	l->reader = start->reader;
	l->n_workers = 0;
	l->begin_ns = start->begin_ns;
	l->sk = start->sk;
	l->sender = start->sender;
	l->work = start->work;
	l->task_code = 0;
	l->socket = sk ? (__u64)BPF_CORE_READ(sk, sk_socket) : 0;
	l->first_write_ns = l->last_write_ns = l->head_ns = l->body_ns = l->bytes_in = l->bytes_out = 0;
	l->loop_ok_ns = 0;
	l->dropped = counter_value(RP_COUNT_events_dropped);
	l->refused_live = counter_value(RP_COUNT_refused_live);
	l->refused_rate = counter_value(RP_COUNT_refused_rate);
	l->stacks_dropped = counter_value(RP_COUNT_stacks_dropped);
	l->status = 0;
	l->in_flight_max = r && r->unfinished > 0 ? r->unfinished : 1;
	l->events = l->capped = l->lost_ticks = l->lost_waits = l->ticks = l->switches = 0;
	l->has_trace_id = l->told = 0;
	l->contexts = l->sent_by = l->contextual = l->numbers = l->collects = l->group = 0;
	l->unfinished = 0;
	l->n_made = 0;
	l->ran_ns = 0;
	l->pid = bpf_get_current_pid_tgid() >> 32;
	l->serial = __sync_fetch_and_add(&last_serial, 1) + 1;
	if (r)
		__sync_fetch_and_add(&r->live, 1);
}

static __always_inline void fill_begin(struct rp_begin *e, const struct request_start *start, __u32 serial, struct task_struct *task)
{
	event_head(&e->h, RP_EV_BEGIN, sizeof *e + start->line_len, 0, serial, task);
	e->h.flags = start->flags;
	e->begin_ns = start->begin_ns;
	e->tentative_cpu_ns = start->tentative_cpu_ns;
	e->socket_queue_ns = start->socket_queue_ns;
	e->pipeline_queue_ns = start->pipeline_queue_ns;
	e->local = start->local;
	e->remote = start->remote;
	e->marker = start->marker;
	e->line_len = start->line_len;
	bpf_probe_read_kernel_str(e->comm, sizeof e->comm, task->comm);
}

#define BEGIN_BOUND 1           /* the current thread works for it: its CPU must be sampled */
#define BEGIN_TENTATIVE 2       /* … and has done so before: its stack must be taken here */

/* The wall time begins: bind the current thread if it has nothing else to answer, send the begin. Returns BEGIN_*. Global, as is request_new(), so
 * that the verifier looks at it once, not for each way to get here. */
int live_begin(__u32 slot, __u64 now)
{
	struct begin_buffer *b = bpf_map_lookup_elem(&begins, &slot);
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);
	struct rp_live *l = live_slot(slot);
	struct rp_reader *r = l ? reader_at(l->reader) : NULL;
	int exclusive, contextual;
	__u32 len;

	if (!l || !b)
		return 0;
	exclusive = l->work == WORK_CALL || (l->work == WORK_READ && r && t && t->reader == l->reader && r->unfinished == 1);
	l->state = LIVE_BEGUN;
	contextual = l->work == WORK_READ ? context_seed(slot) : l->work == WORK_TURN;
	if (!exclusive && !contextual)
		b->event.h.flags |= RP_BEGIN_SHARED;
	b->event.h.t = now;
	len = b->event.line_len;
	if (len > RP_LINE_MAX)
		len = RP_LINE_MAX;
	/* The worker is woken by the first tick: a wake-up here would delay the arming. */
	if (bpf_ringbuf_output(&events, b, sizeof b->event + len, BPF_RB_NO_WAKEUP))
		COUNT(events_dropped);
	if (!exclusive && !contextual)
		return 0;
	if (!exclusive)
		live_look(l);
	if (l->sk && epoll_state(l->sk) == EPOLL_QUEUED)
		l->loop_ok_ns = now;
	if (worker_bind(l, slot, now, exclusive ? 1 : 2))
		return 0;
	if (contextual && l->work == WORK_READ)
		claim_collects(slot, !exclusive);
	return BEGIN_BOUND | (b->event.h.flags & RP_BEGIN_TENTATIVE ? BEGIN_TENTATIVE : 0);
}

/* … and ask for samples (`sample`). */
static __always_inline void go(void *ctx, __u32 slot, __u64 now, int (*sample)(__u64 now))
{
	int began = live_begin(slot, now);
	struct rp_worker *w;

	/* The arming thread takes the CPU when this program ends, so that the switch has the stack that would be taken here. */
	if (!began || (sample(now) && !(began & BEGIN_TENTATIVE)))
		return;
	w = worker_of(bpf_get_current_task_btf());
	if (w)
		stack_send_edge(stack_begin(ctx), live_slot(slot), w, now);
}

/* Take a slot, and keep there what is known of the request. Its reference, 0 = refused. */
live_ref request_new(struct request_start *start, const char *line, __u64 now)
{
	__u32 slot = RP_MAX_LIVE, len;
	struct begin_buffer *b;
	struct rp_live *l;

	if (!start)
		return 0;
	COUNT(marked);
	if (__sync_fetch_and_add(&live_active, 1) < cfg.max_live)
		bpf_loop(RP_MAX_LIVE, take_slot, &slot, 0);
	l = live_slot(slot);
	b = bpf_map_lookup_elem(&begins, &slot);
	if (!l || !b) {
		__sync_fetch_and_add(&live_active, -1);
		COUNT(refused_live);
		return 0;
	}
	if (!rate_allows(now)) {
		__sync_fetch_and_add(&live_active, -1);
		COUNT(refused_rate);
		l->state = LIVE_FREE;
		return 0;
	}
	live_init(l, start);
	len = start->line_len;
	if (len > RP_LINE_MAX)
		len = RP_LINE_MAX;
	fill_begin(&b->event, start, l->serial, bpf_get_current_task_btf());
	bpf_probe_read_kernel(b->line, len, line);
	__sync_fetch_and_add(&live_requests, 1);
	COUNT(live);
	return (__u64)l->serial << 32 | (slot + 1);
}

static __always_inline live_ref begin(void *ctx, struct request_start *start, const char *line, int (*sample)(__u64 now))
{
	/* A line that came in one read was read by this thread just now: it has been on the CPU since. */
	__u64 now = start->flags & RP_BEGIN_TENTATIVE ? bpf_ktime_get_ns() : start->begin_ns;
	live_ref ref = request_new(start, line, now);

	if (ref && !start->ahead)
		go(ctx, (__u32)ref - 1, now, sample);
	return ref;
}

__hidden live_ref request_begin(void *ctx, struct request_start *start, const char *line)
{
	return begin(ctx, start, line, sampling_start);
}

__hidden live_ref request_begin_untimed(void *ctx, struct request_start *start, const char *line)
{
	return begin(ctx, start, line, sampling_ask);
}

int live_turn(live_ref ref, __u64 now)
{
	struct begin_buffer *b;
	struct rp_live *l;
	__u32 slot;

	l = live_of(ref, &slot);
	b = bpf_map_lookup_elem(&begins, &slot);
	if (!l || !b || l->state != LIVE_TAKEN)
		return 0;
	b->event.pipeline_queue_ns = now > l->begin_ns ? now - l->begin_ns : 0;
	b->event.begin_ns = now;
	l->begin_ns = now;
	return 1;
}

__hidden void request_turn(void *ctx, live_ref ref, __u64 now)
{
	if (live_turn(ref, now))
		go(ctx, (__u32)ref - 1, now, sampling_start);
}

/* ---- end --------------------------------------------------------------------------------------------------------- */

/* A wait that is still open, so that nothing of it is lost. */
static __always_inline void send_open_wait(struct rp_worker *w, struct rp_live *l, __u64 now)
{
	struct rp_wait *wait = &w->wait;

	if (!wait->out_ns || wait->out_ns >= now || !__sync_lock_test_and_set(&w->waiting, 0))
		return;
	wait->in_ns = now;
	wait->h.flags |= RP_WAIT_OPEN;
	wait->h.t = now;
	wait->seq = w->seq++;
	if (event_send(wait, sizeof *wait))
		__sync_fetch_and_add(&l->lost_waits, 1);
}

/* Close the account of each thread that still works; afterwards the record is nobody's. */
static long close_worker(__u32 n, struct leaving *x)
{
	__u32 key = x->slot * RP_MAX_WORKERS + n;
	struct rp_release *e;
	struct rp_worker *w;

	if (n >= x->l->n_workers)
		return 1;
	w = bpf_map_lookup_elem(&workers, &key);
	if (!w || w->serial != x->l->serial)
		return 0;
	send_open_wait(w, x->l, x->now);
	e = release_new(w, w->serial, x->now, RP_RELEASE_END);
	w->serial = 0;
	if (e)
		event_made(e);
	return 0;
}

static __always_inline void send_end(struct rp_live *l, __u64 now, __u64 end_ns, __u32 how)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_end *e = event_new(RP_EV_END, sizeof *e, now, l->serial, task);

	if (!e)
		return;
	e->h.task = l->collects;
	e->h.flags = how;
	e->end_ns = end_ns;
	e->first_write_ns = l->first_write_ns;
	e->head_read_ns = l->head_ns;
	e->body_read_ns = l->body_ns;
	e->bytes_in = l->bytes_in;
	e->bytes_out = l->bytes_out;
	e->status = l->status;
	e->in_flight_max = l->in_flight_max;
	e->dropped = counter_value(RP_COUNT_events_dropped) - l->dropped;
	e->refused_live = counter_value(RP_COUNT_refused_live) - l->refused_live;
	e->refused_rate = counter_value(RP_COUNT_refused_rate) - l->refused_rate;
	e->stacks_dropped = counter_value(RP_COUNT_stacks_dropped) - l->stacks_dropped;
	e->capped = l->capped;
	e->lost_ticks = l->lost_ticks;
	e->lost_waits = l->lost_waits;
	e->workers_refused = l->n_workers > RP_MAX_WORKERS ? l->n_workers - RP_MAX_WORKERS : 0;
	e->ticks = l->ticks;
	e->switches = l->switches;
	e->sent_by = l->sent_by;
	e->contexts = l->contexts;
	e->has_trace_id = l->has_trace_id;
	__builtin_memcpy(e->trace_id, l->trace_id, sizeof e->trace_id);
	event_made_waking(e, 1);
}

static __always_inline void live_free(struct rp_live *l)
{
	struct rp_reader *r = reader_at(l->reader);

	if (r)
		__sync_fetch_and_add(&r->live, -1);
	l->state = LIVE_FREE;
	count_add(RP_COUNT_live, -1);
	if (l->contextual)
		__sync_fetch_and_add(&contextual_requests, -1);
	if (__sync_fetch_and_add(&live_requests, -1) == 1)
		sampling_stop(bpf_ktime_get_ns());
}

/* Of two ends that race (a write, a close, the sweep) one counts. */
static __always_inline int leave_state(struct rp_live *l, __u32 state, __u32 next)
{
	return __sync_val_compare_and_swap(&l->state, state, next) == state;
}

static __always_inline void close_account(struct rp_live *l, __u32 slot, __u64 end_ns, __u32 how)
{
	struct leaving x = {.l = l, .now = bpf_ktime_get_ns(), .slot = slot};

	bpf_loop(RP_MAX_WORKERS, close_worker, &x, 0);
	group_leave(&x);
	send_end(l, x.now, end_ns, how);
}

static __always_inline void end_after(struct rp_live *l, __u32 slot)
{
	if (!leave_state(l, LIVE_AFTER, LIVE_ENDING))
		return;
	close_account(l, slot, l->end_ns, l->end_how);
	live_free(l);
}

static __always_inline void end(struct rp_live *l, __u32 slot, __u64 end_ns, __u32 how)
{
	__u32 state = l->state;

	end_ns = end_ns ?: l->last_write_ns ?: bpf_ktime_get_ns();
	if (state == LIVE_BEGUN && how == RP_END_SEEN && l->unfinished > 0) {
		l->end_ns = end_ns;
		l->end_how = how;
		settle(l); /* what is not known to be its own by now is not */
		if (leave_state(l, state, LIVE_AFTER))
			__sync_fetch_and_add(&live_active, -1);
		return;
	}
	if (state == LIVE_ENDING || !leave_state(l, state, LIVE_ENDING))
		return;
	if (state == LIVE_BEGUN)
		close_account(l, slot, end_ns, how);
	__sync_fetch_and_add(&live_active, -1);
	live_free(l);
}

__hidden void live_end(struct rp_live *l, __u32 slot, __u64 end_ns, __u32 how)
{
	if (l->state == LIVE_AFTER)
		end_after(l, slot);
	else
		end(l, slot, end_ns, how);
}

static long over_slot(__u32 slot, __u64 *done)
{
	struct rp_live *l = live_slot(slot);

	if (l && *done >> (slot & 63) & 1)
		end_after(l, slot);
	return 0;
}

int live_over(void)
{
	__u64 done = __sync_lock_test_and_set(&live_done, 0);

	bpf_loop(RP_MAX_LIVE, over_slot, &done, 0);
	return 0;
}

int request_end(live_ref ref, __u64 end_ns, __u32 how)
{
	struct rp_live *l;
	__u32 slot;

	l = live_of(ref, &slot);
	if (l)
		end(l, slot, end_ns, how); /* inlined: some that call it have no more room on the stack */
	return 0;
}
