// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Buffers. The programs can be preempted, so nothing is per CPU: a slot is taken by an atomic, beginning at the CPU's own, which nearly always
 * is free. Connections whose request line is incomplete keep theirs, from a pool of its own, so that slow senders cannot stop the programs;
 * they lose it to others after some seconds.
 */
#include "http.bpf.h"

#define SCRATCH 64              /* slots to work in; a power of two */
#define SCRATCH_TRIES 8
#define KEPT 64                 /* slots with an incomplete request line */
#define KEEP_NS 10000000000ULL  /* how long one is safe from others */
#define TOKEN_BUSY 1            /* bit of a token: a program works in the slot */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCH + KEPT);
	__type(key, __u32);
	__type(value, struct http_slot);
} http_slots SEC(".maps");

static __u64 last_token;        /* even */

static __always_inline struct http_slot *slot_at(__u32 index)
{
	return bpf_map_lookup_elem(&http_slots, &index);
}

static __always_inline struct http_slot *try_scratch(__u32 index)
{
	struct http_slot *s = slot_at(index & (SCRATCH - 1));

	if (!s || s->token || __sync_val_compare_and_swap(&s->token, 0, TOKEN_BUSY))
		return NULL;
	s->pos = s->end = 0;
	s->carried = 0;
	return s;
}

__hidden struct http_slot *http_slot_scratch(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct http_slot *s;

	for (__u32 k = 0; k < SCRATCH_TRIES; k++) {
		s = try_scratch(cpu + k);
		if (s)
			return s;
	}
	COUNT(scratch_full);
	return NULL;
}

__hidden struct http_slot *http_slot_kept(struct http_conn *c)
{
	struct http_slot *s = slot_at(c->slot);

	if (s && __sync_val_compare_and_swap(&s->token, c->token, c->token | TOKEN_BUSY) == c->token)
		return s;
	c->slot = 0;
	COUNT(tentative_full);
	return NULL;
}

struct search {
	struct http_slot *found;
	__u64 now, token;
	__u32 index;
};

static long try_to_keep(__u32 i, struct search *f)
{
	__u32 index = SCRATCH + i;
	struct http_slot *s = slot_at(index);
	__u64 old = s ? s->token : TOKEN_BUSY;

	if (old & TOKEN_BUSY || (old && f->now - s->first_ns < KEEP_NS))
		return 0;
	if (__sync_val_compare_and_swap(&s->token, old, f->token | TOKEN_BUSY) != old)
		return 0;
	f->found = s;
	f->index = index;
	return 1;
}

static __always_inline int copy_line(struct http_slot *to, struct http_slot *from)
{
	__u64 line = from->line, n = from->end - line;

	http_opaque(n);
	if (n > HTTP_FILL_MAX || bpf_probe_read_kernel(to->bytes, n, http_at(from, line)))
		return -1;
	to->line = 0;
	to->pos = to->end = n;
	to->carried = from->carried;
	to->tid = from->tid;
	to->first_ns = from->first_ns;
	to->ready_ns = from->ready_ns;
	to->cpu_ns = from->cpu_ns;
	to->clock = from->clock;
	return 0;
}

static __always_inline int keep(struct http_conn *c, struct http_slot *s)
{
	struct search f = {.now = bpf_ktime_get_ns(), .token = __sync_fetch_and_add(&last_token, 2) + 2};

	bpf_loop(KEPT, try_to_keep, &f, 0);
	if (!f.found) {
		COUNT(tentative_full);
		return -1;
	}
	if (copy_line(f.found, s)) {
		f.found->token = 0;
		return -1;
	}
	c->slot = f.index;
	c->token = f.token;
	f.found->token = f.token;
	return 0;
}

__hidden int http_slot_put(struct http_conn *c, struct http_slot *s, int incomplete)
{
	int r = 0;

	if (c->slot && incomplete) {
		s->token = c->token;
		return 0;
	}
	if (incomplete)
		r = keep(c, s);
	else
		c->slot = 0;
	s->token = 0;
	return r;
}

__hidden void http_slot_drop(struct http_conn *c)
{
	struct http_slot *s = c->slot ? slot_at(c->slot) : NULL;

	if (s)
		__sync_val_compare_and_swap(&s->token, c->token, 0);
	c->slot = 0;
}
