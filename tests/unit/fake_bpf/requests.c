/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "reqprof.bpf.h"

#include <stdlib.h>

#include "requests.h"

#define ELEMENT_SIZE 65536
#define MAP_ELEMENTS 256
#define MAPS 4


const volatile struct rp_config cfg = {.n_markers = 4, .n_path_markers = 1};
const volatile struct rp_marker markers[RP_MAX_MARKERS] = {
	{.kind = RP_MARKER_QUERY, .len = 9, .name_len = 7, .text = "profile=1"},
	{.kind = RP_MARKER_QUERY, .len = 12, .name_len = 5, .text = "token=s3cret"},
	{.kind = RP_MARKER_PATH, .len = 9, .method_len = 4, .method = "POST", .text = "/orders/*"},
	{.kind = RP_MARKER_QUERY, .len = RP_MARKER_MAX, .name_len = 1,
	 .text = {[0] = 'L', [1] = '=', [2 ... RP_MARKER_MAX - 1] = 'v'}},
};
__u64 counters[RP_COUNTER_ROWS * RP_COUNTER_ROW];
struct events_map events;

__u64 fake_now;
struct pt_regs fake_regs;
struct task_struct fake_task;
struct fake_request fake_requests[FAKE_REQUESTS];
int fake_n_requests, fake_read, fake_answered;
bool fake_hurried;
__u64 fake_rest;
__s32 handlers_to_check;
__u32 handlers_instead;
__u32 handlers_of_rest = 1;
__u32 processes_on_sockets = 1;
__u64 followed_bits[FOLLOWED_WORDS] = {[0] = ~0ULL};

int http_received(struct sock *sk, int ret, int flags);
int http_data_ready(struct sock *sk);
int http_sent(struct sock *sk, int ret, int flags);
int http_state(struct sock *sk, int old_state, int new_state);

/* ---- helpers ----------------------------------------------------------------------------------------------------- */

static struct {
	void *map;
	void *elements[MAP_ELEMENTS];
} maps[MAPS];

/* Elements are made when they are asked for, of any size. */
void *fake_map_lookup(void *map, const void *key)
{
	__u32 k = *(const __u32 *)key;
	int i = 0;

	while (maps[i].map && maps[i].map != map)
		i++;
	maps[i].map = map;
	if (!maps[i].elements[k])
		maps[i].elements[k] = calloc(1, ELEMENT_SIZE);
	return maps[i].elements[k];
}

long fake_loop(__u32 n, long (*step)(__u32 i, void *ctx), void *arg)
{
	for (__u32 i = 0; i < n; i++)
		if (step(i, arg))
			return i + 1;
	return n;
}

void *fake_storage(const void *map, struct sock *sk, int create)
{
	for (int i = 0; i < 2; i++) {
		if (sk->storage[i].map == map)
			return sk->storage[i].value;
		if (!sk->storage[i].map && create) {
			sk->storage[i].map = map;
			sk->sk_bpf_storage = sk->storage;
			return sk->storage[i].value;
		}
	}
	return NULL;
}

void *fake_reserve(__u64 size)
{
	static __u64 event[64];

	return size <= sizeof event ? event : NULL;
}

__u64 fake_counter(int counter)
{
	__u64 sum = 0;

	for (__u32 row = 0; row < RP_COUNTER_ROWS; row++)
		sum += counters[row * RP_COUNTER_ROW + counter];
	return sum;
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

int followed(struct task_struct *task)
{
	return 1;
}

int followed_on_sockets(struct task_struct *task)
{
	return 1;
}

int handler_saw(__u32 n)
{
	(void)n;
	return 0;
}

int handler_read(__u64 sk)
{
	fake_rest = sk;
	return 0;
}

__u64 thread_cpu_clock(void)
{
	return fake_now;
}

int request_pace(__u32 reader, __u64 arrived_ns)
{
	return 0;
}

__u32 request_read(__u32 last, __u32 turns)
{
	fake_read++;
	return 1 | (fake_hurried ? RP_READ_HURRIED : 0);
}

int request_answered(__u32 reader)
{
	return fake_answered++;
}

live_ref request_begin(void *context, struct request_start *start, const char *line)
{
	struct fake_request *q = &fake_requests[fake_n_requests];

	if (fake_n_requests == FAKE_REQUESTS)
		return 0;
	memcpy(q->line, line, start->line_len);
	q->marker = start->marker;
	q->joined = start->flags & RP_BEGIN_JOINED;
	q->tentative = start->flags & RP_BEGIN_TENTATIVE;
	q->ahead = start->ahead;
	q->socket_queue_ns = start->socket_queue_ns;
	return ++fake_n_requests;
}

void request_turn(void *context, live_ref ref, __u64 now)
{
	fake_requests[ref - 1].turned = true;
}

int request_received(live_ref ref, __u64 bytes, __u64 head_ns, __u64 body_ns)
{
	struct fake_request *q = &fake_requests[ref - 1];

	q->bytes_in += bytes;
	q->head |= head_ns != 0;
	q->body |= body_ns != 0;
	return 0;
}

void request_trace_id(live_ref ref, const __u8 *id)
{
	memcpy(fake_requests[ref - 1].trace_id, id, 16);
}

__u32 contextual_requests = 0, python_processes = 0;

__u32 groups = 0;
int fake_void;

int claim_is_void(__u64 now)
{
	(void)now;
	fake_void++;
	return 0;
}

__u64 context_now(void)
{
	return 0;
}

int peer_sent(__u64 sk)
{
	(void)sk;
	return 0;
}

int peer_received(__u64 sk)
{
	(void)sk;
	return 0;
}

int peer_ready(__u64 sk)
{
	(void)sk;
	return 0;
}

void request_sent(void *context, live_ref ref, __u64 now, __u64 bytes, __u32 status)
{
	struct fake_request *q = &fake_requests[ref - 1];

	q->bytes_out += bytes;
	if (status)
		q->status = status;
}

int request_end(live_ref ref, __u64 end_ns, __u32 how)
{
	fake_requests[ref - 1].ended = true;
	fake_requests[ref - 1].how = how;
	return 0;
}

int socket_address(__u64 socket, int peer, struct rp_addr *ret)
{
	memset(ret, 0, sizeof *ret);
	return 0;
}

/* ---- sockets ----------------------------------------------------------------------------------------------------- */

void fake_reset(void)
{
	memset(fake_requests, 0, sizeof fake_requests);
	fake_n_requests = fake_read = fake_answered = 0;
	fake_hurried = false;
	for (int i = 0; i < MAPS; i++) {
		for (int k = 0; k < MAP_ELEMENTS; k++)
			free(maps[i].elements[k]);
		memset(&maps[i], 0, sizeof maps[i]);
	}
}

struct sock *fake_connection(bool open_before)
{
	struct sock *sk = calloc(1, sizeof *sk);

	sk->__sk_common.skc_family = RP_AF_INET;
	sk->__sk_common.skc_state = 1; /* established */
	sk->sk_type = 1;               /* SOCK_STREAM */
	sk->tcp.bytes_received = open_before ? 1000 : 0;
	return sk;
}

/* The buffer has exactly n bytes, so that the sanitizer sees who looks behind them. */
static void call(struct sock *sk, int nr, const char *bytes, size_t n, int (*program)(struct sock *sk, int ret, int flags))
{
	char *copy = malloc(n ? n : 1);

	memcpy(copy, bytes, n);
	fake_regs = (struct pt_regs){.orig_ax = nr, .si = (unsigned long)copy};
	program(sk, n, 0);
	free(copy);
}

void fake_arrives(struct sock *sk, size_t n)
{
	fake_now += FAKE_STEP_NS;
	sk->tcp.bytes_received += n;
	sk->tcp.rcv_nxt += n;
	sk->sk_receive_queue.qlen++;
	http_data_ready(sk);
}

void fake_takes(struct sock *sk, const char *bytes, size_t n)
{
	fake_now += FAKE_STEP_NS;
	sk->tcp.copied_seq += n;
	sk->sk_receive_queue.qlen = sk->tcp.copied_seq != sk->tcp.rcv_nxt;
	call(sk, CALL_READ, bytes, n, http_received);
}

void fake_reads(struct sock *sk, const char *bytes, size_t n)
{
	fake_arrives(sk, n);
	fake_takes(sk, bytes, n);
}

void fake_writes(struct sock *sk, const char *bytes, size_t n)
{
	fake_now += FAKE_STEP_NS;
	sk->tcp.bytes_sent += n;
	call(sk, CALL_WRITE, bytes, n, http_sent);
}

void fake_sendfile(struct sock *sk, size_t n)
{
	fake_now += FAKE_STEP_NS;
	fake_regs = (struct pt_regs){.orig_ax = CALL_SENDFILE};
	http_sent(sk, n, 0);
}

void fake_closes(struct sock *sk)
{
	http_state(sk, 1, 4);
	free(sk);
}

long fake_read_user(void *to, __u64 n, const void *from)
{
	if (!from)
		return -14;
	memmove(to, from, n);
	return 0;
}
