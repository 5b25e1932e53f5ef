/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests on sockets: every conversation in one piece, byte by byte and in other pieces, and cut in two at every place, must tell the same.
 *
 * links: bpf/source_http.bpf.c bpf/http_bytes.bpf.c bpf/http_exchange.bpf.c bpf/http_fields.bpf.c bpf/http_line.bpf.c bpf/http_message.bpf.c
 * links: bpf/http_ready.bpf.c bpf/http_receive.bpf.c bpf/http_send.bpf.c bpf/http_slots.bpf.c bpf/http_whole.bpf.c fake_bpf/requests.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_bpf/requests.h"
#include "http_messages.h"
#include "reqprof.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* of tables */

#define STEPS 8

struct step {
	char to;                /* '<' read by the application, '>' written by it, 'x' closed */
	const char *bytes;
	size_t n;               /* 0 = strlen */
};

struct told {
	const char *line;       /* begins with it */
	__u64 in, out;
	__u32 status;
	int how;
};

struct conversation {
	const char *name;
	struct step steps[STEPS];
	struct told told[4];
};

#define POST_FORGED HEAD("POST /a?profile=1", "Content-Length: 43\r\n") FORGED
#define CHUNKED_FORGED HEAD("POST /a?profile=1", "Transfer-Encoding: chunked\r\n") \
	"5;name=value\r\nhello\r\n2B\r\n" FORGED "\r\n0\r\nTrailer: x\r\n\r\n"
#define LONG_FIELD "Cookie: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"

static const struct conversation conversations[] = {
	{"a request", {{'<', MARKED}, {'>', OK}}, {{"GET /a?profile=1 ", 38, 40, 200, RP_END_SEEN}}},
	{"kept alive", {{'<', HEAD("GET /b", "")}, {'>', OK}, {'<', MARKED}, {'>', OK}, {'<', MARKED}, {'>', OK}},
	 {{"GET /a", 38, 40, 200, RP_END_SEEN}, {"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"many fields", {{'<', HEAD("GET /a?profile=1", LONG_FIELD "Content-Type: x\r\nTE: y\r\ncache-control: z\r\n")}, {'>', OK}},
	 {{"GET /a", 0, 40, 200, RP_END_SEEN}}},
	{"unmarked with many fields", {{'<', HEAD("GET /b", LONG_FIELD "Content-Length: 0\r\n")}, {'>', OK}, {'<', MARKED}, {'>', OK}},
	 {{"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"lone line feeds", {{'<', "\r\n\nGET /a?profile=1 HTTP/1.1\nHost: x\n\n"}, {'>', "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"}},
	 {{"GET /a", 0, 37, 200, RP_END_SEEN}}},
	{"a body", {{'<', POST_FORGED}, {'>', OK}, {'<', MARKED}, {'>', OK}},
	 {{"POST /a", 0, 40, 200, RP_END_SEEN}, {"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"a chunked body", {{'<', CHUNKED_FORGED}, {'>', OK}, {'<', MARKED}, {'>', OK}},
	 {{"POST /a", 0, 40, 200, RP_END_SEEN}, {"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"a chunked response", {{'<', MARKED}, {'>', CHUNKED_OK}, {'<', MARKED}, {'>', OK}},
	 {{"GET /a", 38, sizeof CHUNKED_OK - 1, 200, RP_END_SEEN}, {"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"until close", {{'<', MARKED}, {'>', "HTTP/1.0 200 OK\r\n\r\nall the rest"}, {'x'}}, {{"GET /a", 38, 31, 200, RP_END_SEEN}}},
	{"HEAD", {{'<', HEAD("HEAD /a?profile=1", "")}, {'>', "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}, {'<', MARKED}, {'>', OK}},
	 {{"HEAD /a", 0, 41, 200, RP_END_SEEN}, {"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"no content", {{'<', MARKED}, {'>', "HTTP/1.1 204 No Content\r\n\r\n"}, {'<', MARKED}, {'>', "HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n"}},
	 {{"GET /a", 38, 27, 204, RP_END_SEEN}, {"GET /a", 38, 37, 304, RP_END_SEEN}}},
	{"informational", {{'<', MARKED}, {'>', "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" OK}},
	 {{"GET /a", 38, 25 + 37 + 40, 200, RP_END_SEEN}}},
	{"an upgrade", {{'<', MARKED}, {'>', "HTTP/1.1 101 Switching Protocols\r\n\r\n"}, {'<', FORGED}, {'>', "anything"}},
	 {{"GET /a", 38, 36, 101, RP_END_SEEN}}},
	{"empty", {{'<', MARKED}, {'>', "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}, {{"GET /a", 38, 38, 200, RP_END_SEEN}}},
	{"pipelined", {{'<', HEAD("GET /b", "") MARKED HEAD("GET /c", "")}, {'>', OK OK OK}, {'<', MARKED}, {'>', OK}},
	 {{"GET /a", 38, 40, 200, RP_END_SEEN}, {"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"no response", {{'<', MARKED}, {'x'}}, {{"GET /a", 38, 0, 0, RP_END_CUT_OFF}}},
	{"half a response", {{'<', MARKED}, {'>', "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"}, {'x'}}, {{"GET /a", 38, 39, 200, RP_END_INFERRED}}},
	{"PROXY v1", {{'<', "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n" MARKED}, {'>', OK}}, {{"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"PROXY v2", {{'<', "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04" "abcd" MARKED, 20 + 38}, {'>', OK}}, {{"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"two lengths", {{'<', HEAD("POST /b", "Content-Length: 5\r\nContent-Length: 6\r\n") "hello"}, {'>', OK}, {'<', FORGED}, {'>', OK}}, {{0}}},
	{"the same length twice", {{'<', HEAD("POST /b", "Content-Length: 43\r\nContent-Length: 43\r\n") FORGED}, {'>', OK}, {'<', MARKED}, {'>', OK}},
	 {{"GET /a", 38, 40, 200, RP_END_SEEN}}},
	{"a length and a coding", {{'<', HEAD("POST /b", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") "hello"}, {'<', FORGED}}, {{0}}},
	{"a folded line", {{'<', HEAD("POST /b", "Content-Length: 5\r\n folded: x\r\n") "hello"}, {'<', FORGED}}, {{0}}},
	{"a blank before the colon", {{'<', HEAD("POST /b", "Content-Length : 5\r\n") "hello"}, {'<', FORGED}}, {{0}}},
	{"a bare CR", {{'<', HEAD("POST /b", "X: y\rContent-Length: 43\r\n")}, {'<', FORGED}}, {{0}}},
	{"a length beyond", {{'<', HEAD("POST /b", "Content-Length: 99999999999999999999999\r\n")}, {'<', FORGED}}, {{0}}},
	{"an unknown coding", {{'<', HEAD("POST /b", "Transfer-Encoding: gzip\r\n")}, {'<', FORGED}}, {{0}}},
	{"TLS", {{'<', "\x16\x03\x01\x02\0\1\0\1\xfc\3\3", 11}, {'<', FORGED}}, {{0}}},
	{"HTTP/2", {{'<', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, {'<', FORGED}}, {{0}}},
	{"noise", {{'<', "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89"}, {'<', FORGED}}, {{0}}},
	{"not a marker", {{'<', HEAD("GET /b?profile=10", "")}, {'>', OK}, {'<', HEAD("GET /b?xprofile=1", "")}, {'>', OK},
			  {'<', HEAD("GET /b#?profile=1", "Referer: /?profile=1\r\n")}, {'>', OK}, {'<', HEAD("GET /b?a#&profile=1", "")}, {'>', OK}}, {{0}}},
	{"a marker among others", {{'<', HEAD("GET /b?profile=2&&x=y&token=s3cret&z#f", "")}, {'>', OK}}, {{"GET /b", 0, 40, 200, RP_END_SEEN}}},
	{"a path", {{'<', HEAD("POST /orders/7?q", "Content-Length: 0\r\n")}, {'>', OK}, {'<', HEAD("GET /orders/7", "")}, {'>', OK}},
	 {{"POST /orders/7?q", 0, 40, 200, RP_END_SEEN}}},
	{"methods", {{'<', HEAD("get /a?profile=1", "")}, {'<', FORGED}}, {{0}}},
};

static size_t length(const struct step *s)
{
	return s->n ? s->n : strlen(s->bytes);
}

/* `cut`: the step that is cut in two behind so many bytes (−1: none), else pieces of `piece` bytes. */
static void play(const struct conversation *c, size_t piece, int cut_step, size_t cut)
{
	struct sock *sk = fake_connection(false);

	fake_reset();
	for (int i = 0; i < STEPS && c->steps[i].to; i++) {
		const struct step *s = &c->steps[i];
		size_t n = s->to == 'x' ? 0 : length(s), at = 0;

		while (at < n) {
			size_t k = i == cut_step && at < cut ? cut - at : piece;

			k = k < n - at ? k : n - at;
			(s->to == '<' ? fake_reads : fake_writes)(sk, s->bytes + at, k);
			at += k;
		}
	}
	fake_closes(sk);
}

static void check(const struct conversation *c, const char *how)
{
	int n = 0;

	for (; c->told[n].line; n++) {
		const struct told *t = &c->told[n];
		const struct fake_request *q = &fake_requests[n];

		if (n >= fake_n_requests || strncmp(q->line, t->line, strlen(t->line)) || (t->in && q->bytes_in != t->in) ||
		    q->bytes_out != t->out || q->status != t->status || q->how != t->how || !q->ended || !q->head)
			fail_msg("%s, %s, request %d of %d: %.40s in %llu out %llu status %u how %d", c->name, how, n, fake_n_requests, q->line,
				 (unsigned long long)q->bytes_in, (unsigned long long)q->bytes_out, q->status, q->how);
	}
	if (n != fake_n_requests)
		fail_msg("%s, %s: %d marked requests, not %d", c->name, how, fake_n_requests, n);
	if (fake_read != fake_answered)
		fail_msg("%s, %s: %d requests read, %d answered", c->name, how, fake_read, fake_answered);
}

static void conversations_in_pieces(void **state)
{
	static const size_t pieces[] = {100000, 1, 2, 3, 5, 8, 13, 64, 100};
	char how[32];

	(void)state;
	for (size_t i = 0; i < sizeof conversations / sizeof *conversations; i++)
		for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
			play(&conversations[i], pieces[k], -1, 0);
			snprintf(how, sizeof how, "pieces of %zu", pieces[k]);
			check(&conversations[i], how);
		}
}

static void conversations_cut_in_two(void **state)
{
	char how[64];

	(void)state;
	for (size_t i = 0; i < sizeof conversations / sizeof *conversations; i++)
		for (int step = 0; step < STEPS && conversations[i].steps[step].to; step++)
			for (size_t at = 1; conversations[i].steps[step].bytes && at < length(&conversations[i].steps[step]); at++) {
				play(&conversations[i], 100000, step, at);
				snprintf(how, sizeof how, "step %d cut at %zu", step, at);
				check(&conversations[i], how);
			}
}

static void a_marker_of_full_length(void **state)
{
	char head[600] = "GET /a?L=";

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		struct sock *sk = fake_connection(false);
		size_t n = 9;

		fake_reset();
		memset(head + n, 'v', RP_MARKER_MAX - 2 + extra);
		n += RP_MARKER_MAX - 2 + extra;
		n += snprintf(head + n, sizeof head - n, " HTTP/1.1\r\nHost: x\r\n\r\n");
		fake_reads(sk, head, n);
		assert_int_equal(fake_n_requests, !extra);
		fake_closes(sk);
	}
}

static void trace_ids(void **state)
{
	static const char head[] = "GET /a?profile=1 HTTP/1.1\r\nTraceParent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n";
	static const __u8 id[16] = {0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c};

	(void)state;
	for (size_t cut = 1; cut < sizeof head - 1; cut++) {
		struct sock *sk = fake_connection(false);

		fake_reset();
		fake_reads(sk, head, cut);
		fake_reads(sk, head + cut, sizeof head - 1 - cut);
		assert_int_equal(fake_n_requests, 1);
		assert_memory_equal(fake_requests[0].trace_id, id, sizeof id);
		fake_closes(sk);
	}
}

static void a_line_that_is_too_long(void **state)
{
	static char line[20000];
	struct sock *sk = fake_connection(false);
	size_t n = sprintf(line, "GET /a?x=");

	(void)state;
	fake_reset();
	memset(line + n, 'a', 9000);
	n += 9000;
	n += sprintf(line + n, "&profile=1 HTTP/1.1\r\nHost: x\r\n\r\n");
	fake_reads(sk, line, n);
	assert_int_equal(fake_n_requests, 0);
	assert_int_equal(fake_counter(RP_COUNT_line_too_long), 1);
	fake_writes(sk, OK, 40);
	fake_reads(sk, MARKED, 38);
	assert_int_equal(fake_n_requests, 1);
	fake_closes(sk);
}

/* ---- against conversations whose truth is known because they are made ------------------------------------------ */

static size_t add(char *at, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsprintf(at, format, args);
	va_end(args);
	return n;
}

static size_t add_fields(char *at)
{
	static const char *const fields[] = {"Host: x\r\n", "Connection: keep-alive\r\n", "Cookie: a=b\r\n", "Content-Type: t\r\n", "Te: x\r\n", "X:\r\n"};
	size_t n = 0;

	for (int k = rand() % 6; k--;)
		n += add(at + n, "%s", fields[rand() % 6]);
	for (int k = rand() % 3 ? 0 : rand() % 1500; k > 0; k -= 50)
		n += add(at + n, "X-%d: %0*d\r\n", k, 10 + rand() % 90, k);
	return n;
}

/* A body that looks like requests, plain or chunked. */
static size_t add_body(char *at, int chunked)
{
	int size = rand() % 3 ? 43 * (rand() % 4) : rand() % 2000;
	size_t n = chunked ? add(at, "Transfer-Encoding: chunked\r\n\r\n") : add(at, "Content-Length: %d\r\n\r\n", size);

	while (size) {
		int part = chunked ? 1 + rand() % size : size;

		n += chunked ? add(at + n, "%x%s\r\n", part, rand() % 2 ? ";a=b" : "") : 0;
		for (int i = 0; i < part; i++)
			at[n++] = FORGED[i % 43];
		n += chunked ? add(at + n, "\r\n") : 0;
		size -= part;
	}
	return n + (chunked ? add(at + n, "0\r\n%s\r\n", rand() % 2 ? "T: x\r\n" : "") : 0);
}

static void feed(struct sock *sk, void (*call)(struct sock *sk, const char *bytes, size_t n), const char *bytes, size_t n)
{
	size_t most = rand() % 3 ? n : 1 + (size_t)rand() % 200;

	for (size_t at = 0; at < n;) {
		size_t k = 1 + rand() % most;

		k = k < n - at ? k : n - at;
		call(sk, bytes + at, k);
		at += k;
	}
}

static void random_conversations(void **state)
{
	static char in[20000], out[20000];

	(void)state;
	srand(11);
	for (int round = 0; round < 3000; round++) {
		struct sock *sk = fake_connection(false);
		int marked = 0;

		fake_reset();
		for (int request = rand() % 8; request >= 0; request--) {
			int mark = rand() % 2, status = 200 + rand() % 3 * 100;
			size_t n = add(in, "%s /%d?x=y%s HTTP/1.1\r\n", rand() % 2 ? "GET" : "DELETE", request, mark ? "&profile=1" : ""), m;

			n += add_fields(in + n);
			n += rand() % 2 ? add_body(in + n, rand() % 2) : add(in + n, "\r\n");
			m = add(out, "HTTP/1.1 %d x\r\n", status);
			m += add_fields(out + m);
			m += add_body(out + m, rand() % 2);
			feed(sk, fake_reads, in, n);
			feed(sk, fake_writes, out, m);
			if (!mark)
				continue;
			assert_int_equal(fake_n_requests, marked + 1);
			assert_int_equal(fake_requests[marked].bytes_in, n);
			assert_int_equal(fake_requests[marked].bytes_out, m);
			assert_int_equal(fake_requests[marked].status, status);
			assert_true(fake_requests[marked].ended);
			marked++;
		}
		assert_int_equal(fake_n_requests, marked);
		assert_int_equal(fake_answered, fake_read);
		fake_closes(sk);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_in_pieces),
		cmocka_unit_test(conversations_cut_in_two),
		cmocka_unit_test(a_marker_of_full_length),
		cmocka_unit_test(trace_ids),
		cmocka_unit_test(a_line_that_is_too_long),
		cmocka_unit_test(random_conversations),
	};

	return cmocka_run_group_tests_name("http_conversations", tests, NULL, NULL);
}
