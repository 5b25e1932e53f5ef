/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP/1.x on sockets: what its objects share.
 *
 *   source_http.bpf.c     programs on socket events; per-socket state; which events can be believed
 *   http_receive.bpf.c    requests; it, the next and http_exchange.bpf.c are the only callers of request_*()
 *   http_ready.bpf.c      when the bytes came that were read
 *   http_send.bpf.c       the responses that are owed for them
 *   http_exchange.bpf.c   the end of what is owed
 *   http_whole.bpf.c      heads that came in one piece, as nearly all do
 *   http_message.bpf.c    where a message's start line, head and body end, however they are cut: bytes in, http_event out
 *   http_fields.bpf.c     the fields of a head that matter to that
 *   http_line.bpf.c       is it a request line, and is it marked
 *   http_slots.bpf.c      buffers to work in, and to keep incomplete request lines in
 *   http_bytes.bpf.c      the bytes of the system call that an event is about
 *
 * Per socket there are two messages, one in each direction, each driven by its own program: the program of reads writes `in`, `read` and the
 * owed queue's tail, the program of writes `out` and, with an atomic, the queue's head. A message's `busy` keeps a second thread out that
 * reads (or writes) the same socket at the same time: the order of bytes is unknown then, and the connection is given up.
 *
 * All cursors live in map memory, not in registers or on the stack: the verifier takes what it loads from there as unknown, so that a loop
 * callback is verified once and not once for each value.
 */
#ifndef REQPROF_HTTP_BPF_H
#define REQPROF_HTTP_BPF_H

#include "reqprof.bpf.h"

/* ---- limits ------------------------------------------------------------------------------------------------------ */

#define HTTP_OWED 32            /* requests on one connection without a complete response; a power of two */
#define HTTP_MARKED 4           /* of them marked */
#define HTTP_SEGMENTS 16        /* iovec entries looked at */
#define HTTP_WINDOW 1024        /* bytes copied at once: a head that fits costs one copy */
#define HTTP_WINDOW_MAX 7400    /* the same where a whole head is wanted */
#define HTTP_CHUNK_WINDOW 64    /* the same where only a chunk's size is wanted */
#define HTTP_STEPS 8192         /* steps through one event: chunks, lines, pieces of lines */
#define HTTP_FILL_MAX (RP_LINE_MAX + HTTP_WINDOW) /* bytes[] is filled up to here */
#define HTTP_POS_MAX 16383      /* a mask for cursors; behind it there is slack for loads of more than a byte */
#define HTTP_SLACK 320

/* ---- the bytes of one event -------------------------------------------------------------------------------------- */

/*
 * A slot holds what a program works on; it stays with the connection while a request line is incomplete.
 * bytes[pos, end) is copied and not yet consumed; then come `left` bytes in segments[segment …].
 */
struct http_slot {
	__u64 token;            /* owner: 0 = free, see http_slots.bpf.c */
	__u32 pos, end;
	__u32 left;
	__u32 total;            /* bytes of the event */
	__u32 segment, n_segments;
	__u32 hidden;           /* the bytes cannot be seen, only counted */
	__u32 window;           /* most bytes to copy at once; 0 = http_bytes() copies none */
	__u32 start;            /* bytes of the event before the message at hand */
	__u32 carried;          /* bytes of it in earlier events, while its line is incomplete */
	__u32 line, line_len;   /* request line: offset in bytes[], length without its end, at most RP_LINE_MAX */
	__u32 cut;              /* it was longer */
	__u32 target, target_end; /* offsets in bytes[] */
	__u32 query;            /* behind the first '?', 0 = none */
	__u32 cursor;           /* of http_line(), http_marker() and http_whole_*(); so are the next three lines */
	__u32 inside, near, near_marker;
	__u32 path, path_end, matched;
	__u32 glob_marker, glob, star, star_at;
	__u32 length_at;        /* of http_whole_*(): where the line with a length is, 0 = there is none */
	__u32 joining;          /* out of sync, and this read may put it back in */
	__u32 kind;             /* HTTP_LINE_*, of the line at hand */
	__u32 marker;           /* index + 1, 0 = none */
	__u32 behind;           /* a request of this read is in front of the message at hand */
	__u32 pace;             /* reader whose pace is to be told: request_pace(); 0 = none */
	__u32 tid;              /* thread of the last read, while incomplete */
	__u64 first_ns;         /* read of the line's first byte, while incomplete */
	__u64 ready_ns;         /* when that came into the socket; 0 = not known, HTTP_READY_ASK: of the read at hand (http_ready.bpf.h) */
	__u64 cpu_ns;           /* on-CPU time of the reads so far */
	__u64 clock;            /* thread_cpu_clock() at the last read */
	__u64 now;              /* of the event; 0 = not asked for yet */
	__u64 head_ns, body_ns; /* to be reported */
	struct iovec segments[HTTP_SEGMENTS];
	struct request_start begin;
	char bytes[HTTP_POS_MAX + 1 + HTTP_SLACK];
};

/* Makes the compiler forget what it knows about a variable, so that it leaves in the checks that the verifier wants to see. */
#define http_opaque(x) asm volatile("" : "+r"(x))

/* A pointer to bytes[pos] with `HTTP_SLACK` readable bytes behind it, whatever pos is. */
static __always_inline const char *http_at(const struct http_slot *s, __u64 pos)
{
#ifdef __bpf__
	asm volatile("%0 &= %1" : "+r"(pos) : "i"(HTTP_POS_MAX)); /* as for http_opaque() */
#else
	pos &= HTTP_POS_MAX;
#endif
	return s->bytes + pos;
}

static __always_inline __u64 http_word(const char *p)
{
	return *(const __u64 *)p; /* unaligned: fine for BPF and x86 */
}

/* ---- eight bytes at a time --------------------------------------------------------------------------------------- */

#define BYTES_01 0x0101010101010101ULL
#define BYTES_80 0x8080808080808080ULL

/* Bit 7 of each byte of `w` that equals c; exact in the lowest one that is set, which is the first in memory. */
static __always_inline __u64 bytes_equal(__u64 w, __u8 c)
{
	w ^= BYTES_01 * c;
	return (w - BYTES_01) & ~w & BYTES_80;
}

/* Index of the lowest byte of a mask of bytes_equal(). (No instruction counts zeros: count the ones below.) */
static __always_inline __u32 first_byte(__u64 mask)
{
	return (((((mask & -mask) - 1) & BYTES_01) * BYTES_01) >> 56) - 1;
}

/*
 * The leaves that are large are global functions: the verifier looks at each once, not at every place and state that calls it (552 ms for
 * one program otherwise). It takes for granted only what their types say, hence the tests for NULL.
 */

/* ---- one direction of a connection ------------------------------------------------------------------------------- */

enum http_phase {
	HTTP_START,             /* before a message */
	HTTP_START_LF,          /* CR seen before a message */
	HTTP_PROXY,             /* at the start of a connection: comparing with the signature of a PROXY v2 header */
	HTTP_PROXY_HEAD,        /* its version, family, length */
	HTTP_REQUEST_LINE,
	HTTP_REQUEST_LINE_LF,   /* CR seen */
	HTTP_LONG_LINE,         /* beyond RP_LINE_MAX of it */
	HTTP_STATUS,            /* status line up to its code */
	HTTP_SKIP,              /* up to the end of the line */
	HTTP_SKIP_LF,           /* the same, CR seen */
	HTTP_FIELD,             /* at the start of a header or trailer line */
	HTTP_NAME,
	HTTP_VALUE,
	HTTP_VALUE_LF,          /* CR seen at the end of a value */
	HTTP_HEAD_LF,           /* CR seen at the start of a line: the last of the head */
	HTTP_BODY,              /* `length` bytes */
	HTTP_PROXY_BODY,
	HTTP_CHUNK,             /* `length` bytes of a chunk */
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_EXT,
	HTTP_CHUNK_SIZE_LF,
	HTTP_CHUNK_CR,          /* end of a chunk's data */
	HTTP_CHUNK_LF,
	HTTP_UNTIL_CLOSE,
	HTTP_LOST,              /* where messages begin and end is not known any more */
};

/* flags of a message */
#define HTTP_LENGTH 1           /* Content-Length seen */
#define HTTP_CODING 2           /* Transfer-Encoding seen */
#define HTTP_CHUNKED 4          /* its last coding is chunked */
#define HTTP_TRAILER 8          /* behind the last chunk */
#define HTTP_TRACE 16           /* `traceparent` is wanted */
#define HTTP_TRACED 32          /* and was found */
#define HTTP_RESPONSE 64        /* always set in `out` */
#define HTTP_FIRST 128          /* nothing was read before: a PROXY header may come */
#define HTTP_KEPT (HTTP_RESPONSE | HTTP_FIRST) /* those that outlive a message */

struct http_message {
	__u8 phase;             /* enum http_phase */
	__u8 flags;
	__u8 field;             /* HTTP_NAME: names that still match; HTTP_VALUE: the field */
	__u8 at;                /* bytes matched or digits read */
	__u32 busy;
	__u64 length;           /* Content-Length, then what remains of the body, the chunk */
	__u64 value;            /* number being read */
};

enum http_event {
	HTTP_MORE,              /* nothing yet */
	HTTP_GOT_LINE,          /* a request line: bytes[line, + line_len); of a response, its status is in `length` */
	HTTP_GOT_HEAD,          /* the caller now says what body there is: http_body() */
	HTTP_GOT_MESSAGE,
	HTTP_FAILED,            /* contradictory or invalid */
	HTTP_FOREIGN,           /* does not begin like HTTP/1 */
};

/* Of a `traceparent` field; all zero = none. */
struct http_trace {
	__u8 id[16];
};

/* ---- a connection ------------------------------------------------------------------------------------------------ */

#define SHUTDOWN_RECEIVE 1      /* RCV_SHUTDOWN, include/net/sock.h */

enum http_off {                 /* why a connection is not looked at any more */
	HTTP_ON,
	HTTP_CLIENT,            /* the target is the client on it */
	HTTP_OTHER,             /* TLS, HTTP/2, not HTTP */
	HTTP_TUNNEL,            /* after 101, CONNECT */
	HTTP_GIVEN_UP,
};

#define HTTP_READY_UNKNOWN (~0ULL)
#define HTTP_READY_ASK (~0ULL - 1)

#define OWED_READER 0x1fff
#define OWED_INFER 0x2000       /* its end is inferred from the next request, its bytes are not looked at */
#define OWED_HEAD 0x4000        /* the request's method decides the framing of its response */
#define OWED_CONNECT 0x8000

/* What a usual read and a usual write need lies in the first cache lines, of which a socket's storage begins 8 bytes behind the begin of one:
 * `in` to `answered`, `out` to `sender`, `owed`. */
struct http_conn {
	struct http_message in;
	__u64 ready_ns;         /* HTTP_READY_UNKNOWN: the last read left bytes in the socket; else 0, of a Unix socket when what it read came */
	__u64 position;         /* TCP: bytes read so far */
	__u32 read;             /* requests read … */
	__u16 status;           /* of the response at hand; 0 = none or 1xx so far */
	__u8 off;               /* enum http_off */
	__u8 fresh;             /* nothing was read yet */
	__u8 sync;
	__u8 local;             /* a Unix socket */
	__u8 wrote;             /* out of sync: the last event was a write (not of 1xx). Else: bytes were sent since the last request */
	__u8 any_marked;        /* marked[] was ever used */
	__u32 answered;         /* … and how many of them need no answer any more */
	struct http_message out;
	__u32 closed;
	__u32 slot;             /* index of the slot with the incomplete request line; 0 = none */
	__u64 token;            /* of that slot */
	__u64 turn_ns;          /* end of a response while the next request line was incomplete */
	live_ref reading;       /* the request at hand, if marked */
	__u64 sender;           /* context_now() of who sent the end of the last response */
	__u16 owed[HTTP_OWED];  /* reader | OWED_* of request n at n % HTTP_OWED */
	live_ref marked[HTTP_MARKED]; /* request marked_at[i] is marked; 0 = free */
	__u32 marked_at[HTTP_MARKED];
	struct http_trace trace;
};
_Static_assert(sizeof(struct http_conn) <= 256, "http_conn: charged to the application's optmem_max");

/* What the callbacks of bpf_loop() share; pointers only, see above. */
struct http_run {
	struct http_conn *conn;
	struct http_slot *slot;
	struct sock *sk;
	void *ctx;
};

static __always_inline __u32 http_owed(const struct http_conn *c)
{
	return c->read - c->answered;
}

/* Bytes of the event that are consumed. */
static __always_inline __u32 http_consumed(const struct http_slot *s)
{
	return s->total - s->left - (s->end - s->pos);
}

static __always_inline __u64 http_now(struct http_slot *s)
{
	if (!s->now)
		s->now = bpf_ktime_get_ns();
	return s->now;
}

/* ---- http_bytes.bpf.c -------------------------------------------------------------------------------------------- */

/* Find the `n` bytes that the current system call has read or written, or mark them as hidden. Negative: cannot be seen (not an error for
 * sendfile and splice, which return 0). Copies the first s->window of them as http_fetch() does, if it is not 0. */
int http_bytes(struct http_slot *s, __u32 n, int written);

/* Copy more of them behind bytes[end). 0, or negative if they cannot be seen. */
int http_fetch(struct http_slot *s);

/* Pass over at most n bytes that are not copied yet, without looking at them. Returns how many, at least one if n and left are not 0. */
__hidden __u32 http_pass(struct http_slot *s, __u64 n);

/* ---- http_message.bpf.c ------------------------------------------------------------------------------------------ */

/* Consume some of bytes[pos, end) (not empty), up to the next event. */
int http_step(struct http_message *m, struct http_slot *s, struct http_trace *trace);

/* Consume bytes that need not be seen: of bodies and chunks. Returns an enum http_event. */
int http_skip(struct http_message *m, struct http_slot *s);

/* The same, where header fields are at hand: http_fields.bpf.c. */
__hidden int http_field(struct http_message *m, struct http_slot *s);
__hidden int http_field_skip(struct http_message *m, struct http_slot *s);
__hidden int http_field_name(struct http_message *m, struct http_slot *s);
__hidden int http_field_value(struct http_message *m, struct http_slot *s, struct http_trace *trace);
__hidden int http_field_end(struct http_message *m);

/* The number in a `content-length` line at bytes[pos) that ends in the usual `: 123 CR LF`. Returns the line's bytes, 0 = not that. */
__u32 http_field_length(struct http_slot *s, __u32 pos, __u64 *value);

/* After HTTP_GOT_HEAD: no_body for responses to HEAD, 204, 304. HTTP_MORE, HTTP_GOT_MESSAGE if nothing follows, HTTP_FAILED. */
__hidden int http_body(struct http_message *m, int no_body);

static __always_inline int http_head_end(const struct http_message *m)
{
	return m->flags & HTTP_TRAILER ? HTTP_GOT_MESSAGE : HTTP_GOT_HEAD;
}

static __always_inline int http_counts(const struct http_message *m)
{
	return m->phase == HTTP_BODY || m->phase == HTTP_CHUNK || m->phase == HTTP_PROXY_BODY || m->phase == HTTP_UNTIL_CLOSE;
}

/* Most bytes to copy at once. */
static __always_inline __u32 http_window(const struct http_message *m)
{
	return m->phase >= HTTP_CHUNK_SIZE ? HTTP_CHUNK_WINDOW : HTTP_WINDOW;
}

/* 0 if the message was busy: another thread works on it. */
static __always_inline int http_acquire(struct http_message *m)
{
	return !__sync_lock_test_and_set(&m->busy, 1);
}

static __always_inline void http_release(struct http_message *m)
{
	asm volatile("" : : : "memory");
	*(volatile __u32 *)&m->busy = 0;
}

static __always_inline void http_restart(struct http_message *m)
{
	m->phase = HTTP_START;
	m->flags &= HTTP_RESPONSE;
}

/* Is a request line being read? */
static __always_inline int http_in_line(const struct http_message *m)
{
	return m->phase == HTTP_REQUEST_LINE || m->phase == HTTP_REQUEST_LINE_LF || m->phase == HTTP_LONG_LINE;
}

/* ---- http_whole.bpf.c -------------------------------------------------------------------------------------------- */

/* Are bytes[0, end) a line and a head without a body, nothing else, in the usual form? Sets line, line_len, cut. */
int http_whole_request(struct http_slot *s);
int http_whole_pieces(struct http_slot *s);

/* Is the event a response's head in the usual form, with a length, and as much of the body? Then the state after all of it, and the status (length 0:
 * it is complete); else 0. */
int http_whole_response(struct http_message *m, struct http_slot *s);

/* ---- http_slots.bpf.c -------------------------------------------------------------------------------------------- */

/* A slot to work in; NULL if there is none (counted). */
__hidden struct http_slot *http_slot_scratch(void);

/* The one with the connection's incomplete request line; NULL if the line was given away (counted). */
__hidden struct http_slot *http_slot_kept(struct http_conn *c);

/* Done with it. An incomplete request line stays with the connection; negative if there is no room for it (counted). */
__hidden int http_slot_put(struct http_conn *c, struct http_slot *s, int incomplete);

/* The connection ends, or its incomplete request line is of no use any more. */
__hidden void http_slot_drop(struct http_conn *c);

/* ---- http_line.bpf.c --------------------------------------------------------------------------------------------- */

#define HTTP_LINE_HEAD 1        /* flags of a request line */
#define HTTP_LINE_CONNECT 2
#define HTTP_LINE_10 4          /* HTTP/1.0 */

#define HTTP_LINE_BAD -1        /* or what it is instead */
#define HTTP_LINE_PROXY -2
#define HTTP_LINE_2 -3          /* the preface of HTTP/2 */
#define HTTP_LINE_TLS -4
#define HTTP_LINE_STATUS -5     /* a status line: the target is a client */

/* Judge bytes[line, + line_len): HTTP_LINE_* flags, or negative. Sets target, target_end, query. */
int http_line(struct http_slot *s);

/* The same for METHOD SP target, whatever follows. 0, or negative: it is not that. */
int http_line_any(struct http_slot *s);

/* Can bytes[line, end) become a request line? */
int http_line_may_begin(struct http_slot *s);

/* What they are instead. */
__hidden int http_line_foreign(struct http_slot *s);

/* The first marker that the request line matches, as index + 1, or 0. Tells of one with another value. */
int http_marker(struct http_slot *s);

/* ---- http_receive.bpf.c, http_send.bpf.c, http_exchange.bpf.c ---------------------------------------------------- */

/* Drive the requests of a connection with the bytes of r->slot. Non-zero: they end inside a request line, which the slot keeps. */
__hidden int http_receive(struct http_run *r);

/* Drive its responses. */
__hidden void http_send(struct http_run *r);

/* Nothing more will be sent: end and answer everything that is owed. */
int http_abandon(struct http_conn *c);

/* A response whose end only later events show has ended, if such a one is at hand and alone (http_inferable()). */
int http_infer(struct http_conn *c);

/* Is the response at hand one that is recorded? */
int http_is_marked(struct http_conn *c);

#endif
