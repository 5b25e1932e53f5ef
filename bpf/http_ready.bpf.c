// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When the bytes came that a read takes. */
#include "http_ready.bpf.h"

struct http_arrivals_map http_arrivals SEC(".maps");

/* A FIN that was read with them counts as one. */
__hidden __u64 http_ready_ns(struct sock *sk, struct http_slot *s)
{
	__u32 from;

	if (s->ready_ns != HTTP_READY_ASK)
		return s->ready_ns;
	from = read_up_to(sk) - s->total;
	s->ready_ns = arrival(sk, from);
	if (!s->ready_ns && sk->sk_shutdown & SHUTDOWN_RECEIVE)
		s->ready_ns = arrival(sk, from - 1);
	return s->ready_ns;
}
