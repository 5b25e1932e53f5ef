/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that carry requests: those that were open before, that hide bytes, are read in a hurry, are handlers' or get responses of others.
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

/* Bytes that no call shows: counted, and the connection goes on from the next request that follows a response. */
static void gaps_and_hidden_bytes(void **state)
{
	struct sock *sk = fake_connection(false);

	(void)state;
	fake_reset();
	fake_reads(sk, MARKED, 38);
	fake_writes(sk, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", 43);
	fake_sendfile(sk, 100000);
	assert_true(fake_requests[0].ended);
	assert_int_equal(fake_requests[0].bytes_out, 100043);
	sk->tcp.bytes_received += 500; /* spliced away */
	fake_reads(sk, FORGED, 43);
	assert_int_equal(fake_n_requests, 1);
	assert_int_equal(fake_counter(RP_COUNT_out_of_sync), 1);
	fake_writes(sk, OK, 40);
	fake_reads(sk, MARKED, 38);
	assert_int_equal(fake_n_requests, 2);
	assert_true(fake_requests[1].joined);
	fake_closes(sk);
}

static void a_connection_that_was_open_before(void **state)
{
	struct sock *sk = fake_connection(true);

	(void)state;
	fake_reset();
	fake_reads(sk, FORGED, 43);     /* may be in the middle of a body */
	fake_writes(sk, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	fake_reads(sk, FORGED, 43);     /* a 1xx proves nothing */
	assert_int_equal(fake_n_requests, 0);
	fake_writes(sk, OK, 40);
	fake_reads(sk, MARKED, 38);
	assert_int_equal(fake_n_requests, 1);
	assert_true(fake_requests[0].joined);
	fake_closes(sk);
}

/* On a thread in a hurry an unmarked response's end is that of the next request; a marked one is looked at. */
static void ends_that_are_inferred(void **state)
{
	struct sock *sk = fake_connection(false);

	(void)state;
	fake_reset();
	fake_hurried = true;
	for (int i = 0; i < 3; i++) {
		fake_reads(sk, "GET /b HTTP/1.1\r\n\r\n", 19);
		assert_int_equal(fake_answered, i);
		fake_writes(sk, CHUNKED_OK, sizeof CHUNKED_OK - 1);
	}
	fake_reads(sk, MARKED, 38);
	assert_int_equal(fake_answered, 3);
	fake_writes(sk, OK, 40);
	assert_true(fake_requests[0].ended);
	assert_int_equal(fake_requests[0].how, RP_END_SEEN);
	fake_reads(sk, "GET /b HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n" MARKED, 38 + 38);
	fake_writes(sk, OK OK OK, 120);
	assert_int_equal(fake_n_requests, 2);
	assert_true(fake_requests[1].ended);
	assert_int_equal(fake_requests[1].bytes_out, 40);
	assert_int_equal(fake_answered, fake_read);
	fake_closes(sk);
}

/* Handlers report the requests of connections that do not speak plain HTTP/1, and of no other. */
static void connections_left_to_handlers(void **state)
{
	static const char *const others[] = {"\x16\x03\x01\x02\0\1\0\1\xfc\3\3", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sock *plain, *other;

		fake_reset();
		plain = fake_connection(false);
		fake_reads(plain, MARKED, strlen(MARKED));
		assert_int_equal(fake_rest, 1 /* HANDLER_PLAIN */);
		fake_writes(plain, OK, strlen(OK));
		fake_closes(plain);
		other = fake_connection(false);
		fake_reads(other, others[i], i ? strlen(others[i]) : 11);
		assert_ptr_equal((void *)fake_rest, other);
		fake_reads(other, "more", 4);
		assert_ptr_equal((void *)fake_rest, other);
		fake_closes(other);
	}
}

/* Of a server, not marked, in sync or not; but not what is written to a database. */
static void responses_to_others(void **state)
{
	struct sock *sk = fake_connection(false), *before = fake_connection(true), *database = fake_connection(true);

	(void)state;
	fake_reset();
	fake_void = 0;
	groups = 1;
	fake_reads(sk, MARKED, sizeof MARKED - 1);
	fake_writes(sk, OK, sizeof OK - 1);
	assert_int_equal(fake_void, 0);
	fake_reads(sk, HEAD("GET /b", ""), sizeof HEAD("GET /b", "") - 1);
	fake_writes(sk, OK, sizeof OK - 1);
	assert_int_equal(fake_void, 1);
	fake_reads(before, "x", 1); /* the end of a request that began before */
	fake_writes(before, OK, sizeof OK - 1);
	assert_int_equal(fake_void, 2);
	fake_reads(database, "an answer", 9);
	fake_writes(database, "Q 0123456789 select", 19);
	assert_int_equal(fake_void, 2);
	groups = 0;
	fake_reads(sk, HEAD("GET /b", ""), sizeof HEAD("GET /b", "") - 1);
	fake_writes(sk, OK, sizeof OK - 1);
	assert_int_equal(fake_void, 2);
	fake_closes(sk);
	fake_closes(before);
	fake_closes(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_and_hidden_bytes),
		cmocka_unit_test(a_connection_that_was_open_before),
		cmocka_unit_test(ends_that_are_inferred),
		cmocka_unit_test(connections_left_to_handlers),
		cmocka_unit_test(responses_to_others),
	};

	return cmocka_run_group_tests_name("http_connections", tests, NULL, NULL);
}
