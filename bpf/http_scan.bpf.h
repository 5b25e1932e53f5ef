/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Words and lines of HTTP heads, eight bytes at a time; what the objects that look into heads share.
 * A word is eight bytes as they are loaded: the first in memory is the lowest.
 */
#ifndef REQPROF_HTTP_SCAN_BPF_H
#define REQPROF_HTTP_SCAN_BPF_H

#include "http.bpf.h"

#define CR '\r'
#define LF '\n'
#define CRLF 0x0a0d

#define WORD(a, b, c, d, e, f, g, h)                                                                                       \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | (__u64)(f) << 40 |        \
	 (__u64)(g) << 48 | (__u64)(h) << 56)
#define LOW_5 0x000000ffffffffffULL
#define LOW_6 0x0000ffffffffffffULL
#define LOW_7 0x00ffffffffffffffULL
#define HTTP_1_ WORD('H', 'T', 'T', 'P', '/', '1', '.', 0)

/* Forced to lower case (the hyphen is left alone). */
#define LETTERS 0x2020202020202020ULL
#define CONTENT_ WORD('c', 'o', 'n', 't', 'e', 'n', 't', '-')
#define CONTENT_LETTERS 0x0020202020202020ULL
#define T_LENGTH WORD('t', '-', 'l', 'e', 'n', 'g', 't', 'h')
#define T_LENGTH_LETTERS 0x2020202020200020ULL
#define TRANSFER WORD('t', 'r', 'a', 'n', 's', 'f', 'e', 'r')
#define TRACEPAR WORD('t', 'r', 'a', 'c', 'e', 'p', 'a', 'r')

static __always_inline __u8 lower(__u8 c)
{
	return c - 'A' < 26U ? c | 0x20 : c;
}

static __always_inline int blank(__u8 c)
{
	return c == ' ' || c == '\t';
}

static __always_inline int digits3(const char *p, __u32 *value)
{
	__u8 a = p[0] - '0', b = p[1] - '0', c = p[2] - '0';

	*value = a * 100 + b * 10 + c;
	return a < 10 && b < 10 && c < 10;
}

/* Bytes that are looked at one by one in one step, by bpf_loop(): of a loop without it the verifier sees all of their combinations. */
#define BYTES_PER_STEP 16

struct bytes_step {
	struct http_message *m;
	struct http_slot *s;
	struct http_trace *trace;
	int r;                  /* enum http_event */
};

#define LINE_PIECE 64

/* Where the first CR or LF of the LINE_PIECE bytes at p is; LINE_PIECE = nowhere. */
static __always_inline __u32 line_break(const char *p)
{
	__u64 w, hit;

#pragma unroll
	for (int k = 0; k < LINE_PIECE / 8; k++) {
		w = http_word(p + 8 * k);
		hit = bytes_equal(w, LF) | bytes_equal(w, CR);
		if (hit)
			return 8 * k + first_byte(hit);
	}
	return LINE_PIECE;
}

#define SKIP_LINE_END 1
#define SKIP_LONE_LF 2

/* Pass over at most 64 bytes of a line. 0, SKIP_*, or negative for a bare CR. With CR as the last byte: phase lf. */
static __always_inline int skip_line(struct http_message *m, struct http_slot *s, __u8 lf)
{
	__u32 pos = s->pos, end = s->end, n = line_break(http_at(s, pos));
	const char *p;

	pos += n;
	if (n == LINE_PIECE || pos >= end) {
		s->pos = pos < end ? pos : end;
		return 0;
	}
	p = http_at(s, pos);
	s->pos = pos + 1;
	if (*p == LF)
		return SKIP_LONE_LF;
	if (pos + 1 == end) {
		m->phase = lf;
		return 0;
	}
	s->pos = pos + 2;
	return p[1] == LF ? SKIP_LINE_END : -1;
}

#endif
