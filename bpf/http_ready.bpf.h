/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When bytes came into a socket.
 *
 * They come on the CPU of who sends them, or of the network card, and are read on another. What both wrote, in the state of the socket, would be
 * fetched from the other CPU twice for each request, 130 ns each. So it is noted in a table of its own, by the hash of the socket, and looked up
 * where it matters: for marked requests. Two sockets at one place take it from each other: then it is not known when the bytes came.
 */
#ifndef REQPROF_HTTP_READY_BPF_H
#define REQPROF_HTTP_READY_BPF_H

#include "http.bpf.h"

#define ARRIVALS_BITS 10

struct http_arrival {
	__u64 distance;
	__u64 ns;
	__u32 from;             /* TCP: sequence number of the first byte that nobody had read */
};

/* Of struct http_arrival, each in a cache line of its own; http_ready.bpf.c. (User space, which sees all data, knows no such struct.) */
extern __u64 http_arrivals[1 << ARRIVALS_BITS][8];

/* A number that tells a socket from others: what is left of its address when another one is taken away the verifier takes for a number. */
static __always_inline __u64 distance_to(const struct sock *sk)
{
	__u64 n = (__u64)sk;

#ifdef __bpf__
	asm volatile("%0 -= %1" : "+r"(n) : "r"(http_arrivals));
#endif
	return n;
}

static __always_inline struct http_arrival *arrival_of(__u64 distance)
{
	return (struct http_arrival *)http_arrivals[distance * 0x9e3779b97f4a7c15ULL >> (64 - ARRIVALS_BITS)];
}

/* Where the reader of a TCP socket stands. */
static __always_inline __u32 read_up_to(struct sock *sk)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	return tp ? tp->copied_seq : 0;
}

/* Bytes have come. Those that come behind others that are not read change nothing. A Unix socket's are packets that the queue counts. */
static __always_inline void http_arrived(struct sock *sk)
{
	__u64 distance = distance_to(sk);
	struct http_arrival *a = arrival_of(distance);
	__u32 from = 0;

	if (sk->__sk_common.skc_family == RP_AF_UNIX) {
		if (sk->sk_receive_queue.qlen != 1)
			return;
	} else {
		from = read_up_to(sk);
		if (a->distance == distance && a->from == from)
			return;
	}
	a->ns = bpf_ktime_get_ns();
	asm volatile("" : : : "memory");
	a->from = from;
	a->distance = distance;
}

/* When the first byte came of those that were read from sequence number `from` on, or the last packet into an empty Unix socket; 0 = not known. */
static __always_inline __u64 arrival(const struct sock *sk, __u32 from)
{
	__u64 distance = distance_to(sk);
	const volatile struct http_arrival *a = arrival_of(distance);

	return a->distance == distance && a->from == from ? a->ns : 0;
}

/* Those of the event at hand, if s->ready_ns leaves that open. */
__hidden __u64 http_ready_ns(struct sock *sk, struct http_slot *s);

#endif
