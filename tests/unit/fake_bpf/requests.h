/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a source of requests is connected to in the tests: sockets on one side, the requests that it told of on the other. */
#ifndef REQPROF_FAKE_REQUESTS_H
#define REQPROF_FAKE_REQUESTS_H

#include "vmlinux.h"

#define FAKE_REQUESTS 64
#define FAKE_STEP_NS 1000
#define CALL_READ 0
#define CALL_WRITE 1
#define CALL_SENDFILE 40

struct fake_request {
	char line[8200];
	__u32 marker;
	bool joined, tentative, ahead, turned, head, body, ended;
	__u64 bytes_in, bytes_out;
	__u64 socket_queue_ns;
	__u32 status;
	int how;                /* RP_END_* */
	__u8 trace_id[16];
};

extern struct fake_request fake_requests[FAKE_REQUESTS]; /* marked ones, in the order of their begin */
extern int fake_n_requests;
extern int fake_read, fake_answered; /* requests, marked or not */
extern __u64 fake_rest;              /* what was last told of the connection that a thread has read from: handler_read() */
extern __u32 groups;                 /* tasks are recorded for several requests */
extern int fake_void;                /* writes that were told to be of others: claim_is_void() */
extern bool fake_hurried;            /* their thread reads so many that ends are inferred */

void fake_reset(void);
__u64 fake_counter(int counter); /* RP_COUNT_* */

/* A connection of a followed process whose first byte is still to come, or one that was open before. */
struct sock *fake_connection(bool open_before);

/* n bytes come into a socket; the application takes the first n of those that have. Each lasts FAKE_STEP_NS. */
void fake_arrives(struct sock *sk, size_t n);
void fake_takes(struct sock *sk, const char *bytes, size_t n);

/* The application reads (as soon as they come) or writes these bytes by one system call. */
void fake_reads(struct sock *sk, const char *bytes, size_t n);
void fake_writes(struct sock *sk, const char *bytes, size_t n);
void fake_sendfile(struct sock *sk, size_t n);
void fake_closes(struct sock *sk);

#endif
