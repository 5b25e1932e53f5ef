/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When bytes came into a socket.
 *
 * They come on the CPU of who sends them, or of the network card, and are read on another. What both wrote, in the state of the connection, would be
 * fetched from the other CPU twice for each request, 130 ns each. So it is noted in a state of its own, which reads look at for marked requests only.
 */
#ifndef REQPROF_HTTP_READY_BPF_H
#define REQPROF_HTTP_READY_BPF_H

#include "http.bpf.h"

/* A listening socket hands its own to the connections that it accepts: so bytes that come before accept() are timed, too. User space makes an empty
 * one for those that are open at attach. */
struct http_arrivals_map {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct rp_arrival);
};
extern struct http_arrivals_map http_arrivals SEC(".maps"); /* http_ready.bpf.c */

/* Where the reader of a TCP socket stands. */
static __always_inline __u32 read_up_to(struct sock *sk)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	return tp ? tp->copied_seq : 0;
}

/* Bytes have come. Those that come behind others that are not read change nothing. A Unix socket's are packets that the queue counts. */
static __always_inline void http_arrived(struct sock *sk)
{
	volatile struct rp_arrival *a = bpf_sk_storage_get(&http_arrivals, sk, 0, 0);
	__u32 from;

	if (!a)
		return;
	if (sk->__sk_common.skc_family == RP_AF_UNIX) {
		if (sk->sk_receive_queue.qlen == 1)
			a->ns = bpf_ktime_get_ns();
		return;
	}
	from = read_up_to(sk);
	if (a->ns && a->from == from)
		return;
	a->from = from; /* before the time, which is read before it */
	a->ns = bpf_ktime_get_ns();
}

/* When the first byte came of those that were read from sequence number `from` on, or the last packet into an empty Unix socket; 0 = not known. */
static __always_inline __u64 arrival(struct sock *sk, __u32 from)
{
	const volatile struct rp_arrival *a = bpf_sk_storage_get(&http_arrivals, sk, 0, 0);
	__u64 ns;

	if (!a)
		return 0;
	ns = a->ns;
	return a->from == from ? ns : 0;
}

/* Those of the event at hand, if s->ready_ns leaves that open. */
__hidden __u64 http_ready_ns(struct sock *sk, struct http_slot *s);

#endif
