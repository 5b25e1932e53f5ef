/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a request lay in its socket: from when its first byte came into the empty socket, or not known.
 *
 * links: bpf/source_http.bpf.c bpf/http_bytes.bpf.c bpf/http_exchange.bpf.c bpf/http_fields.bpf.c bpf/http_line.bpf.c bpf/http_message.bpf.c
 * links: bpf/http_ready.bpf.c bpf/http_receive.bpf.c bpf/http_send.bpf.c bpf/http_slots.bpf.c bpf/http_whole.bpf.c fake_bpf/requests.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_bpf/requests.h"
#include "http_messages.h"
#include "reqprof.h"

#define LEN (sizeof MARKED - 1)

extern __u32 http_unix_listed;

static __u64 last_queue(void)
{
	return fake_requests[fake_n_requests - 1].socket_queue_ns;
}

/* With the state that an accepted one has from its listener. */
static struct sock *accepted(void)
{
	struct sock *sk = fake_connection(false);

	fake_takes(sk, "", 0);
	return sk;
}

static void from_the_first_byte(void **state)
{
	struct sock *sk = accepted();

	(void)state;
	fake_reset();
	for (int i = 0; i < 3; i++) {
		fake_arrives(sk, 10);
		fake_arrives(sk, LEN - 10);
		fake_takes(sk, MARKED, LEN);
		assert_int_equal(fake_n_requests, i + 1);
		assert_int_equal(last_queue(), 2 * FAKE_STEP_NS);
		fake_writes(sk, OK, sizeof OK - 1);
	}
	fake_closes(sk);
}

/* What was left behind by a read, or came behind a body, came at a time that nobody noted. */
static void not_known(void **state)
{
	static const char two[] = MARKED MARKED, post[] = HEAD("POST /a", "Content-Length: 2\r\n"), body_and_more[] = "ab" MARKED;
	struct sock *sk = accepted();

	(void)state;
	fake_reset();
	fake_arrives(sk, 2 * LEN);
	fake_takes(sk, two, LEN);
	assert_int_equal(last_queue(), FAKE_STEP_NS);
	fake_writes(sk, OK, sizeof OK - 1);
	fake_takes(sk, MARKED, LEN);
	assert_int_equal(fake_n_requests, 2);
	assert_int_equal(last_queue(), RP_UNKNOWN_NS);
	fake_writes(sk, OK, sizeof OK - 1);
	fake_reads(sk, post, sizeof post - 1);
	fake_reads(sk, body_and_more, sizeof body_and_more - 1);
	assert_int_equal(fake_n_requests, 3);
	assert_int_equal(last_queue(), RP_UNKNOWN_NS);
	fake_writes(sk, OK, sizeof OK - 1);
	fake_writes(sk, OK, sizeof OK - 1);
	fake_reads(sk, MARKED, LEN);
	assert_int_equal(last_queue(), FAKE_STEP_NS);
	fake_closes(sk);
}

/* Packets of a Unix socket: of two that came at once before either was noted, nothing is known. */
static void unix_sockets(void **state)
{
	static const char two[] = MARKED MARKED;
	struct sock *sk = fake_connection(false);

	(void)state;
	fake_reset();
	http_unix_listed = 1;
	sk->__sk_common.skc_family = RP_AF_UNIX;
	fake_arrives(sk, LEN);
	fake_takes(sk, MARKED, LEN);
	assert_int_equal(last_queue(), RP_UNKNOWN_NS); /* before its first read it had no state */
	fake_writes(sk, OK, sizeof OK - 1);
	fake_arrives(sk, LEN);
	fake_takes(sk, MARKED, LEN);
	assert_int_equal(last_queue(), FAKE_STEP_NS);
	fake_writes(sk, OK, sizeof OK - 1);
	sk->sk_receive_queue.qlen = 1; /* the other one is queued, too, and will be told of */
	fake_arrives(sk, LEN);
	fake_arrives(sk, LEN);
	fake_takes(sk, two, 2 * LEN);
	assert_int_equal(fake_requests[fake_n_requests - 2].socket_queue_ns, RP_UNKNOWN_NS);
	fake_closes(sk);
}

/* Of several requests in one read it is known of the first one, also if its line began in the read before. */
static void behind_another_one(void **state)
{
	static const char two[] = MARKED MARKED, rest_and_more[] = "?profile=1 HTTP/1.1\r\nHost: x\r\n\r\n" MARKED;
	struct sock *sk = accepted();

	(void)state;
	fake_reset();
	fake_reads(sk, two, 2 * LEN);
	assert_int_equal(fake_n_requests, 2);
	assert_int_equal(fake_requests[0].socket_queue_ns, FAKE_STEP_NS);
	assert_int_equal(fake_requests[1].socket_queue_ns, RP_UNKNOWN_NS);
	fake_writes(sk, OK, sizeof OK - 1);
	fake_writes(sk, OK, sizeof OK - 1);
	fake_reads(sk, "GET /a", 6);
	fake_reads(sk, rest_and_more, sizeof rest_and_more - 1);
	assert_int_equal(fake_n_requests, 4);
	assert_int_equal(fake_requests[2].socket_queue_ns, FAKE_STEP_NS);
	assert_int_equal(fake_requests[3].socket_queue_ns, RP_UNKNOWN_NS);
	fake_closes(sk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_the_first_byte),
		cmocka_unit_test(not_known),
		cmocka_unit_test(unix_sockets),
		cmocka_unit_test(behind_another_one),
	};

	return cmocka_run_group_tests_name("http_arrivals", tests, NULL, NULL);
}
