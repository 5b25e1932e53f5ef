// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Header and trailer fields, as far as they matter to where a message ends (RFC 9112 §6), and the trace id of `traceparent`.
 *
 * Lines that do not matter are passed over eight bytes at a time. A line that may matter (its first bytes say so, or there are too few of
 * them in the window) goes through name and value byte by byte, with all that must be remembered in struct http_message.
 */
#include "http_scan.bpf.h"

#define FIELD_LENGTH 1
#define FIELD_CODING 2
#define FIELD_TRACE 4
#define NAME_MAX 32

static const volatile char length_name[NAME_MAX] = "content-length";
static const volatile char coding_name[NAME_MAX] = "transfer-encoding";
static const volatile char trace_name[NAME_MAX] = "traceparent";
static const volatile char chunked[8] = "chunked";

/* `at` while a coding is read: bytes of "chunked" matched, or: */
#define CODING_BEFORE 0xf0      /* between codings */
#define CODING_AFTER 0xf1       /* behind one that is chunked */
#define CODING_OTHER 0xf2       /* in or behind another one */

#define VALUE_DIGITS 1          /* `at` while a length is read */
#define VALUE_AFTER 2

#define LENGTH_MAX ((1ULL << 62) / 10)

__hidden int http_field_skip(struct http_message *m, struct http_slot *s)
{
	int r = skip_line(m, s, HTTP_SKIP_LF);

	if (r < 0)
		return HTTP_FAILED;
	if (r)
		m->phase = HTTP_FIELD;
	return HTTP_MORE;
}

#define LENGTH_LEN 14           /* of "content-length" */
#define DIGITS_MAX 15

__u32 http_field_length(struct http_slot *s, __u32 pos, __u64 *value)
{
	__u32 at = LENGTH_LEN, digits = 0;
	const char *p;
	__u64 v = 0;
	__u8 d;

	if (!s || !value)
		return 0;
	p = http_at(s, pos);
	if (p[at] != ':')
		return 0;
	at += p[at + 1] == ' ' ? 2 : 1;
	p += at;
	for (; digits <= DIGITS_MAX; digits++) {
		d = p[digits] - '0';
		if (d > 9)
			break;
		v = v * 10 + d;
	}
	if (!digits || digits > DIGITS_MAX || p[digits] != CR || p[digits + 1] != LF)
		return 0;
	*value = v;
	return at + digits + 2;
}

static __always_inline int length_end(struct http_message *m)
{
	if (m->at == 0 || (m->flags & HTTP_LENGTH && m->length != m->value))
		return HTTP_FAILED;
	m->length = m->value;
	m->flags |= HTTP_LENGTH;
	m->phase = HTTP_FIELD;
	return HTTP_MORE;
}

/* The first bytes of a line that may be one of the fields: as few as n. */
static __always_inline int may_matter(const struct http_message *m, __u64 w, __u32 n)
{
	if (m->flags & HTTP_TRAILER)
		return 0;
	return n < 8 || (w | CONTENT_LETTERS) == CONTENT_ || (w | LETTERS) == TRANSFER ||
	       (m->flags & HTTP_TRACE && (w | LETTERS) == TRACEPAR);
}

__hidden int http_field(struct http_message *m, struct http_slot *s)
{
	__u32 n = s->end - s->pos;
	const char *p = http_at(s, s->pos);
	__u64 w = http_word(p);

	if (n >= 2 && (__u16)w == CRLF) {
		s->pos += 2;
		return http_head_end(m);
	}
	if ((__u8)w == LF) {
		s->pos++;
		return http_head_end(m);
	}
	if ((__u8)w == CR) {
		s->pos++;
		m->phase = HTTP_HEAD_LF;
		return HTTP_MORE;
	}
	if (blank((__u8)w)) /* a folded line */
		return HTTP_FAILED;
	m->phase = HTTP_SKIP;
	if (!may_matter(m, w, n))
		return http_field_skip(m, s);
	if (n >= 16 && (w | CONTENT_LETTERS) == CONTENT_) {
		if ((http_word(p + 6) | T_LENGTH_LETTERS) != T_LENGTH)
			return http_field_skip(m, s);
		n = http_field_length(s, s->pos, &m->value);
		if (n && s->pos + n <= s->end) {
			s->pos += n;
			m->at = VALUE_DIGITS;
			return length_end(m);
		}
	}
	m->phase = HTTP_NAME;
	m->field = FIELD_LENGTH | FIELD_CODING | (m->flags & HTTP_TRACE ? FIELD_TRACE : 0);
	m->at = 0;
	return HTTP_MORE;
}

/* The name that ends here, or 0. */
static __always_inline __u8 field_named(const struct http_message *m)
{
	__u32 at = m->at & (NAME_MAX - 1);

	if (m->field & FIELD_LENGTH && !length_name[at])
		return FIELD_LENGTH;
	if (m->field & FIELD_CODING && !coding_name[at])
		return FIELD_CODING;
	return m->field & FIELD_TRACE && !trace_name[at] ? FIELD_TRACE : 0;
}

static __always_inline int value_begin(struct http_message *m, __u8 f)
{
	m->field = f;
	m->phase = HTTP_VALUE;
	m->at = f == FIELD_CODING ? CODING_BEFORE : 0;
	m->value = 0;
	if (f == FIELD_CODING)
		m->flags |= HTTP_CODING;
	return HTTP_MORE;
}

static __always_inline int name_byte(struct http_message *m, __u8 c)
{
	__u32 at = m->at & (NAME_MAX - 1);
	__u8 f = field_named(m), l = lower(c);

	if (f && c == ':')
		return value_begin(m, f);
	if (f && blank(c))
		return HTTP_FAILED;
	f = m->field;
	if (length_name[at] != l)
		f &= ~FIELD_LENGTH;
	if (coding_name[at] != l)
		f &= ~FIELD_CODING;
	if (trace_name[at] != l)
		f &= ~FIELD_TRACE;
	m->field = f;
	m->at = at + 1;
	if (!f)
		m->phase = HTTP_SKIP;
	return HTTP_MORE;
}

static long name_step(__u32 i, struct bytes_step *b)
{
	struct http_message *m = b->m;
	struct http_slot *s = b->s;

	if (s->pos >= s->end || m->phase != HTTP_NAME)
		return 1;
	b->r = name_byte(m, *http_at(s, s->pos));
	if (m->phase == HTTP_SKIP) /* the byte may be the line's end: look at it there */
		return 1;
	s->pos++;
	return b->r != HTTP_MORE;
}

__hidden int http_field_name(struct http_message *m, struct http_slot *s)
{
	struct bytes_step b = {.m = m, .s = s, .r = HTTP_MORE};

	bpf_loop(BYTES_PER_STEP, name_step, &b, 0);
	return b.r;
}

static __always_inline int length_byte(struct http_message *m, __u8 c)
{
	__u8 d = c - '0';

	if (blank(c)) {
		if (m->at == VALUE_DIGITS)
			m->at = VALUE_AFTER;
		return HTTP_MORE;
	}
	if (d > 9 || m->at == VALUE_AFTER || m->value > LENGTH_MAX)
		return HTTP_FAILED;
	m->at = VALUE_DIGITS;
	m->value = m->value * 10 + d;
	return HTTP_MORE;
}

static __always_inline void coding_end(struct http_message *m)
{
	if (m->at == sizeof chunked - 1 || m->at == CODING_AFTER)
		m->flags |= HTTP_CHUNKED;
	m->at = CODING_BEFORE;
}

static __always_inline int coding_byte(struct http_message *m, __u8 c)
{
	__u8 at = m->at;

	if (c == ',') {
		coding_end(m);
		return HTTP_MORE;
	}
	if (blank(c)) {
		if (at < sizeof chunked)
			m->at = at == sizeof chunked - 1 ? CODING_AFTER : CODING_OTHER;
		return HTTP_MORE;
	}
	if (at == CODING_BEFORE) {
		if (m->flags & HTTP_CHUNKED) /* chunked must be the last one */
			return HTTP_FAILED;
		at = 0;
	}
	m->at = at < sizeof chunked - 1 && chunked[at & 7] == lower(c) ? at + 1 : CODING_OTHER;
	return HTTP_MORE;
}

#define TRACE_ID 3              /* the id in VERSION-ID-PARENT-FLAGS: 2 digits, a hyphen, 32 digits, a hyphen */
#define TRACE_ID_END 35

static __always_inline int trace_byte(struct http_message *m, struct http_trace *trace, __u8 c)
{
	__u8 at = m->at, digit = c - '0' < 10U ? c - '0' : c - 'a' < 6U ? c - 'a' + 10 : 16;
	__u32 i = (at - TRACE_ID) >> 1 & 15;

	if (!at && blank(c))
		return HTTP_MORE;
	if (at == 2 || at == TRACE_ID_END ? c != '-' : digit == 16) {
		m->phase = HTTP_SKIP;
		return HTTP_MORE;
	}
	m->at = at + 1;
	if (at == TRACE_ID_END) {
		m->flags |= HTTP_TRACED;
		m->phase = HTTP_SKIP;
	} else if (at >= TRACE_ID) {
		trace->id[i] = trace->id[i] << 4 | digit;
	}
	return HTTP_MORE;
}

__hidden int http_field_end(struct http_message *m)
{
	if (m->field == FIELD_LENGTH)
		return length_end(m);
	if (m->field == FIELD_CODING)
		coding_end(m);
	m->phase = HTTP_FIELD;
	return HTTP_MORE;
}

static __always_inline int value_byte(struct http_message *m, struct http_trace *trace, __u8 c)
{
	if (c == LF)
		return http_field_end(m);
	if (c == CR) {
		m->phase = HTTP_VALUE_LF;
		return HTTP_MORE;
	}
	if (m->field == FIELD_LENGTH)
		return length_byte(m, c);
	if (m->field == FIELD_CODING)
		return coding_byte(m, c);
	return trace_byte(m, trace, c);
}

static long value_step(__u32 i, struct bytes_step *b)
{
	struct http_slot *s = b->s;

	if (s->pos >= s->end || b->m->phase != HTTP_VALUE)
		return 1;
	b->r = value_byte(b->m, b->trace, *http_at(s, s->pos));
	s->pos++;
	return b->r != HTTP_MORE;
}

__hidden int http_field_value(struct http_message *m, struct http_slot *s, struct http_trace *trace)
{
	struct bytes_step b = {.m = m, .s = s, .trace = trace, .r = HTTP_MORE};

	bpf_loop(BYTES_PER_STEP, value_step, &b, 0);
	return b.r;
}
