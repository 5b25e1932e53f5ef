// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A marked request between its begin and its end: what is read and sent. */
#include "request.bpf.h"

/* More of the request is read. On a loop's thread epoll_wait has reported it, or may have: nothing tells whether the thread has returned to it. */
static __always_inline void read_on(struct rp_live *l, __u32 slot)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_worker *w = worker_of(task);

	if (w && w->slot == slot && w->reader && !w->contextual && l->loop_ok_ns)
		worker_release(w, l, l->loop_ok_ns, release_reason(l));
}

int request_received(live_ref ref, __u64 bytes, __u64 head_ns, __u64 body_ns)
{
	struct rp_live *l;
	__u32 slot;

	l = live_of(ref, &slot);
	if (!l)
		return 0;
	if (l->bytes_in)
		read_on(l, slot);
	l->bytes_in += bytes;
	if (head_ns)
		l->head_ns = head_ns;
	if (body_ns)
		l->body_ns = body_ns;
	return 0;
}

int request_status(live_ref ref, __u32 status)
{
	struct rp_live *l;
	__u32 slot;

	l = live_of(ref, &slot);
	if (l && status >= 100 && status <= 999)
		l->status = status;
	return 0;
}

__hidden void request_trace_id(live_ref ref, const __u8 *id)
{
	struct rp_live *l;
	__u32 slot;

	l = live_of(ref, &slot);
	if (!l)
		return;
	bpf_probe_read_kernel(l->trace_id, sizeof l->trace_id, id);
	l->has_trace_id = 1;
}

/* The two are global, so that the verifier looks at them once. Returns the slot + 1, 0 = the request is over. */
__u32 live_wrote(live_ref ref, __u64 now, __u64 bytes, __u32 status)
{
	struct rp_live *l;
	__u32 slot;

	l = live_of(ref, &slot);
	if (!l)
		return 0;
	l->bytes_out += bytes;
	l->last_write_ns = now;
	if (status) {
		if (!l->first_write_ns)
			l->first_write_ns = now;
		l->status = status;
	}
	return slot + 1;
}

/* Does the current thread work for the request, and has had no tick from when it came to the CPU to `now`, when it wrote? (One that has come since,
 * on the way to here, is after the request's end if the write is its last.) */
int live_wants_edge(__u32 slot, __u64 now)
{
	struct rp_worker *w = worker_of(bpf_get_current_task_btf());
	struct rp_live *l = live_slot(slot);

	if (!w || !l || !is_of(l, w->serial))
		return 0;
	l = live_slot(w->slot);
	if (!l)
		return 0;
	if (!w->contextual && loop_returned(w, l, now))
		return 0;
	worker_came(w, l);
	return w->last_tick_ns < w->run_since || w->last_tick_ns > now;
}

__hidden void request_sent(void *ctx, live_ref ref, __u64 now, __u64 bytes, __u32 status)
{
	__u32 number = live_wrote(ref, now, bytes, status), slot = number - 1;
	struct rp_worker *w;
	__u32 sender;

	if (!number)
		return;
	sender = contextual_requests ? context_sent(slot, now) : 0;
	if (sender)
		context_sent_by(slot, now, sender);
	if (!live_wants_edge(slot, now))
		return;
	w = worker_of(bpf_get_current_task_btf());
	if (w)
		stack_send_edge(stack_begin(ctx), live_slot(w->slot), w, now);
}
