// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A marked request between its begin and its end: what is read and sent. */
#include "request.bpf.h"

/* More of the request is read. On a loop's thread epoll_wait has reported it, or may have: nothing tells whether the thread has returned to it. */
static __always_inline void read_on(struct rp_live *l, __u32 slot)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_worker *w = worker_of(task);

	if (w && w->slot == slot && w->reader && !w->contextual && l->loop_ok_ns)
		worker_release(w, l, task, l->loop_ok_ns, release_reason(l));
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

__hidden void request_sent(void *ctx, live_ref ref, __u64 now, __u64 bytes, __u32 status)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_worker *w;
	struct rp_live *l;
	__u32 slot;

	l = live_of(ref, &slot);
	if (!l)
		return;
	l->bytes_out += bytes;
	l->last_write_ns = now;
	if (status) {
		if (!l->first_write_ns)
			l->first_write_ns = now;
		l->status = status;
	}
	if (contextual_requests)
		context_sent(slot, now);
	w = worker_of(task);
	if (!w || w->slot != slot)
		return;
	if (!w->contextual && loop_returned(w, l, task, now))
		return;
	worker_came(w, l, task);
	if (w->last_tick_ns < w->run_since)
		edge_send(ctx, l, w, task, now);
}
