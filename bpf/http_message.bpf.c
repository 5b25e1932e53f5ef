// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Framing of HTTP/1.x messages (RFC 9112): where start line, head and body end, however the bytes are cut into pieces.
 *
 * Lines that do not matter are passed over eight bytes at a time. A line that may matter (its first bytes say so, or there are too few of
 * them in the window) goes through name and value byte by byte, with all that must be remembered in struct http_message.
 * What two HTTP implementations could read in two ways is refused: a bare CR, folded lines, blanks before the colon, several lengths, a length
 * and a coding, and in chunked bodies everything but CRLF. A body can then never be taken for a request.
 */
#include "http.bpf.h"

#define CR '\r'
#define LF '\n'
#define CRLF 0x0a0d             /* as it is loaded */

/* Eight bytes as they are loaded, and with the letters (not the hyphen) forced to lower case. */
#define WORD(a, b, c, d, e, f, g, h)                                                                                       \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | (__u64)(f) << 40 |        \
	 (__u64)(g) << 48 | (__u64)(h) << 56)
#define LETTERS 0x2020202020202020ULL
#define CONTENT_ WORD('c', 'o', 'n', 't', 'e', 'n', 't', '-')
#define CONTENT_LETTERS 0x0020202020202020ULL
#define T_LENGTH WORD('t', '-', 'l', 'e', 'n', 'g', 't', 'h')
#define T_LENGTH_LETTERS 0x2020202020200020ULL
#define TRANSFER WORD('t', 'r', 'a', 'n', 's', 'f', 'e', 'r')
#define TRACEPAR WORD('t', 'r', 'a', 'c', 'e', 'p', 'a', 'r')
#define HTTP_1_ WORD('H', 'T', 'T', 'P', '/', '1', '.', 0)
#define LOW_7 0x00ffffffffffffffULL

#define FIELD_LENGTH 1
#define FIELD_CODING 2
#define FIELD_TRACE 4
#define NAME_MAX 32
#define LENGTH_LEN 14           /* of "content-length" */

static const volatile char length_name[NAME_MAX] = "content-length";
static const volatile char coding_name[NAME_MAX] = "transfer-encoding";
static const volatile char trace_name[NAME_MAX] = "traceparent";
static const volatile char chunked[8] = "chunked";
static const volatile char status_text[8] = "HTTP/1.";
static const volatile char proxy_signature[16] = "\r\n\r\n\0\r\nQUIT\n";
#define PROXY_SIGNATURE_LEN 12

/* `at` while a coding is read: bytes of "chunked" matched, or: */
#define CODING_BEFORE 0xf0      /* between codings */
#define CODING_AFTER 0xf1       /* behind one that is chunked */
#define CODING_OTHER 0xf2       /* in or behind another one */

#define VALUE_DIGITS 1          /* `at` while a length is read */
#define VALUE_AFTER 2

#define LENGTH_MAX ((1ULL << 62) / 10)
#define CHUNK_DIGITS_MAX 15
#define BYTES_PER_STEP 8

static __always_inline __u8 lower(__u8 c)
{
	return c - 'A' < 26U ? c | 0x20 : c;
}

static __always_inline int blank(__u8 c)
{
	return c == ' ' || c == '\t';
}

/* ---- lines that do not matter ------------------------------------------------------------------------------------------------------- */

#define SKIP_LINE_END 1
#define SKIP_LONE_LF 2

/* Pass over at most 64 bytes of a line. 0, SKIP_*, or negative for a bare CR. With CR as the last byte: phase lf. */
static __always_inline int skip_line(struct http_message *m, struct http_slot *s, __u8 lf)
{
	__u32 pos = s->pos, end = s->end;
	const char *p = http_at(s, pos);
	__u64 w, hit = 0;

#pragma unroll
	for (int k = 0; k < 8; k++) {
		w = http_word(p + 8 * k);
		hit = bytes_equal(w, LF) | bytes_equal(w, CR);
		if (hit)
			break;
		pos += 8;
	}
	if (hit)
		pos += first_byte(hit);
	if (!hit || pos >= end) {
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

static __always_inline int skip(struct http_message *m, struct http_slot *s)
{
	int r = skip_line(m, s, HTTP_SKIP_LF);

	if (r < 0)
		return HTTP_FAILED;
	if (r)
		m->phase = HTTP_FIELD;
	return HTTP_MORE;
}

/* ---- header fields ---------------------------------------------------------------------------------------------------------------------- */

static __always_inline int head_end(struct http_message *m)
{
	return m->flags & HTTP_TRAILER ? HTTP_GOT_MESSAGE : HTTP_GOT_HEAD;
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

/* The usual `: 123 CR LF`, whole in the window. 0 = not that: byte by byte. */
static __always_inline int length_at_once(struct http_message *m, struct http_slot *s)
{
	__u32 pos = s->pos + LENGTH_LEN, digits = 0;
	const char *p = http_at(s, pos);
	__u64 value = 0;
	__u8 d;

	if (*p != ':')
		return 0;
	p += p[1] == ' ' ? 2 : 1;
	for (; digits < 16; digits++) {
		d = p[digits] - '0';
		if (d > 9)
			break;
		value = value * 10 + d;
	}
	if (!digits || digits == 16 || p[digits] != CR || p[digits + 1] != LF)
		return 0;
	pos += digits + 3 + (p[-1] == ' ');
	if (pos > s->end)
		return 0;
	s->pos = pos;
	m->value = value;
	m->at = VALUE_DIGITS;
	return 1;
}

static __always_inline int name(struct http_message *m, struct http_slot *s);

/* The first bytes of a line that may be one of the fields: as few as n. */
static __always_inline int may_matter(const struct http_message *m, __u64 w, __u32 n)
{
	if (m->flags & HTTP_TRAILER)
		return 0;
	return n < 8 || (w | CONTENT_LETTERS) == CONTENT_ || (w | LETTERS) == TRANSFER ||
	       (m->flags & HTTP_TRACE && (w | LETTERS) == TRACEPAR);
}

static __always_inline int field(struct http_message *m, struct http_slot *s)
{
	__u32 n = s->end - s->pos;
	const char *p = http_at(s, s->pos);
	__u64 w = http_word(p);

	if (n >= 2 && (__u16)w == CRLF) {
		s->pos += 2;
		return head_end(m);
	}
	if ((__u8)w == LF) {
		s->pos++;
		return head_end(m);
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
		return skip(m, s);
	if (n >= 16 && (w | CONTENT_LETTERS) == CONTENT_) {
		if ((http_word(p + 6) | T_LENGTH_LETTERS) != T_LENGTH)
			return skip(m, s);
		if (length_at_once(m, s))
			return length_end(m);
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

static __always_inline int name(struct http_message *m, struct http_slot *s)
{
	int r = HTTP_MORE;
	__u8 c;

	for (int k = 0; k < BYTES_PER_STEP; k++) {
		if (s->pos >= s->end || m->phase != HTTP_NAME || r != HTTP_MORE)
			break;
		c = *http_at(s, s->pos);
		r = name_byte(m, c);
		if (m->phase == HTTP_SKIP) /* the byte may be the line's end: look at it there */
			break;
		s->pos++;
	}
	return r;
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

static __always_inline int value_end(struct http_message *m)
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
		return value_end(m);
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

static __always_inline int value(struct http_message *m, struct http_slot *s, struct http_trace *trace)
{
	int r = HTTP_MORE;

	for (int k = 0; k < BYTES_PER_STEP; k++) {
		if (s->pos >= s->end || m->phase != HTTP_VALUE || r != HTTP_MORE)
			break;
		r = value_byte(m, trace, *http_at(s, s->pos));
		s->pos++;
	}
	return r;
}

/* ---- chunks -------------------------------------------------------------------------------------------------------------------------------- */

static __always_inline void chunk_begin(struct http_message *m)
{
	m->phase = HTTP_CHUNK_SIZE;
	m->at = 0;
	m->field = 0;
	m->value = 0;
}

static __always_inline int chunk_size_end(struct http_message *m)
{
	if (m->value) {
		m->phase = HTTP_CHUNK;
		m->length = m->value;
	} else {
		m->phase = HTTP_FIELD;
		m->flags |= HTTP_TRAILER;
	}
	return HTTP_MORE;
}

/* field: a blank was seen, no digit may follow. */
static __always_inline int chunk_size_byte(struct http_message *m, __u8 c)
{
	__u8 l = lower(c), digit = c - '0' < 10U ? c - '0' : l - 'a' < 6U ? l - 'a' + 10 : 16;

	if (digit < 16) {
		if (m->field || m->at >= CHUNK_DIGITS_MAX)
			return HTTP_FAILED;
		m->value = m->value << 4 | digit;
		m->at++;
		return HTTP_MORE;
	}
	if (!m->at)
		return HTTP_FAILED;
	if (blank(c))
		m->field = 1;
	else if (c == CR)
		m->phase = HTTP_CHUNK_SIZE_LF;
	else if (c == ';')
		m->phase = HTTP_CHUNK_EXT;
	else
		return HTTP_FAILED;
	return HTTP_MORE;
}

static __always_inline int chunk_size(struct http_message *m, struct http_slot *s)
{
	int r = HTTP_MORE;

	for (int k = 0; k < BYTES_PER_STEP; k++) {
		if (s->pos >= s->end || m->phase != HTTP_CHUNK_SIZE || r != HTTP_MORE)
			break;
		r = chunk_size_byte(m, *http_at(s, s->pos));
		s->pos++;
	}
	return r;
}

static __always_inline int chunk_extension(struct http_message *m, struct http_slot *s)
{
	int r = skip_line(m, s, HTTP_CHUNK_SIZE_LF);

	if (r < 0 || r == SKIP_LONE_LF)
		return HTTP_FAILED;
	return r ? chunk_size_end(m) : HTTP_MORE;
}

/* ---- start lines ----------------------------------------------------------------------------------------------------------------------------- */

static __always_inline int line_end(struct http_message *m, struct http_slot *s, __u32 end)
{
	s->line_len = end - s->line;
	s->cut = s->line_len > RP_LINE_MAX;
	if (s->cut)
		s->line_len = RP_LINE_MAX;
	m->phase = HTTP_FIELD;
	return HTTP_GOT_LINE;
}

static __always_inline int request_line(struct http_message *m, struct http_slot *s)
{
	int r = skip_line(m, s, HTTP_REQUEST_LINE_LF);

	if (r < 0)
		return HTTP_FOREIGN;
	return r ? line_end(m, s, s->pos - (r == SKIP_LONE_LF ? 1 : 2)) : HTTP_MORE;
}

static __always_inline int long_line(struct http_message *m, struct http_slot *s)
{
	int r = skip_line(m, s, HTTP_LONG_LINE);

	if (r <= 0)
		return HTTP_MORE;
	s->line_len = RP_LINE_MAX;
	s->cut = 1;
	m->phase = HTTP_FIELD;
	return HTTP_GOT_LINE;
}

static __always_inline int request_start(struct http_message *m, struct http_slot *s)
{
	__u8 c = *http_at(s, s->pos);

	if (c == LF) {
		s->pos++;
		return HTTP_MORE;
	}
	if (c == CR) {
		s->pos++;
		m->phase = m->flags & HTTP_FIRST ? HTTP_PROXY : HTTP_START_LF;
		m->at = 1;
		return HTTP_MORE;
	}
	s->line = s->pos;
	m->phase = HTTP_REQUEST_LINE;
	return request_line(m, s);
}

static __always_inline int status_got(struct http_message *m, __u32 status)
{
	m->phase = HTTP_SKIP;
	m->length = status;
	return status < 100 ? HTTP_FAILED : HTTP_GOT_LINE;
}

static __always_inline int digits3(const char *p, __u32 *value)
{
	__u8 a = p[0] - '0', b = p[1] - '0', c = p[2] - '0';

	*value = a * 100 + b * 10 + c;
	return a < 10 && b < 10 && c < 10;
}

static __always_inline int response_start(struct http_message *m, struct http_slot *s)
{
	const char *p = http_at(s, s->pos);
	__u32 status;

	if (s->end - s->pos >= 16 && (http_word(p) & LOW_7) == HTTP_1_ && p[8] == ' ' && digits3(p + 9, &status)) {
		s->pos += 12;
		return status_got(m, status);
	}
	m->phase = HTTP_STATUS;
	m->at = 0;
	m->value = 0;
	return HTTP_MORE;
}

static __always_inline int status(struct http_message *m, struct http_slot *s)
{
	__u8 c = *http_at(s, s->pos), digit = c - '0', at = m->at;

	if (at < 7 ? c != (__u8)status_text[at & 7] : at == 8 ? c != ' ' : digit > 9)
		return HTTP_FAILED;
	s->pos++;
	m->at = at + 1;
	if (at < 9)
		return HTTP_MORE;
	m->value = m->value * 10 + digit;
	return at < 11 ? HTTP_MORE : status_got(m, m->value);
}

/* The signature begins like two empty lines. */
static __always_inline int proxy(struct http_message *m, struct http_slot *s)
{
	__u8 c = *http_at(s, s->pos), at = m->at;

	if (c != (__u8)proxy_signature[at & 15]) {
		m->phase = HTTP_START;
		m->flags &= ~HTTP_FIRST;
		return at == 2 || at == 4 ? HTTP_MORE : HTTP_FOREIGN;
	}
	s->pos++;
	m->at = at + 1;
	if (m->at < PROXY_SIGNATURE_LEN)
		return HTTP_MORE;
	m->phase = HTTP_PROXY_HEAD;
	m->at = 0;
	return HTTP_MORE;
}

static __always_inline int proxy_head(struct http_message *m, struct http_slot *s)
{
	__u8 c = *http_at(s, s->pos);

	s->pos++;
	if (m->at == 0 && c >> 4 != 2)
		return HTTP_FOREIGN;
	m->length = m->length << 8 | c;
	if (++m->at < 4)
		return HTTP_MORE;
	m->length &= 0xffff;
	m->flags &= ~HTTP_FIRST;
	m->phase = m->length ? HTTP_PROXY_BODY : HTTP_START;
	return HTTP_MORE;
}

/* ---- one step ------------------------------------------------------------------------------------------------------------------------------------ */

/* Phases in which exactly one byte can come. */
static __always_inline int expected_byte(struct http_message *m, struct http_slot *s)
{
	__u8 c = *http_at(s, s->pos), phase = m->phase;

	if (c != (phase == HTTP_CHUNK_CR ? CR : LF))
		return HTTP_FAILED;
	s->pos++;
	switch (phase) {
	case HTTP_START_LF:
		m->phase = HTTP_START;
		return HTTP_MORE;
	case HTTP_REQUEST_LINE_LF:
		return line_end(m, s, s->pos - 2);
	case HTTP_SKIP_LF:
		m->phase = HTTP_FIELD;
		return HTTP_MORE;
	case HTTP_VALUE_LF:
		return value_end(m);
	case HTTP_HEAD_LF:
		return head_end(m);
	case HTTP_CHUNK_SIZE_LF:
		return chunk_size_end(m);
	case HTTP_CHUNK_CR:
		m->phase = HTTP_CHUNK_LF;
		return HTTP_MORE;
	}
	chunk_begin(m);
	return HTTP_MORE;
}

int http_step(struct http_message *m, struct http_slot *s, struct http_trace *trace)
{
	if (!m || !s || !trace)
		return HTTP_FAILED;
	switch (m->phase) {
	case HTTP_FIELD:
		return field(m, s);
	case HTTP_SKIP:
		return skip(m, s);
	case HTTP_START:
		return m->flags & HTTP_RESPONSE ? response_start(m, s) : request_start(m, s);
	case HTTP_REQUEST_LINE:
		return request_line(m, s);
	case HTTP_LONG_LINE:
		return long_line(m, s);
	case HTTP_STATUS:
		return status(m, s);
	case HTTP_NAME:
		return name(m, s);
	case HTTP_VALUE:
		return value(m, s, trace);
	case HTTP_CHUNK_SIZE:
		return chunk_size(m, s);
	case HTTP_CHUNK_EXT:
		return chunk_extension(m, s);
	case HTTP_PROXY:
		return proxy(m, s);
	case HTTP_PROXY_HEAD:
		return proxy_head(m, s);
	}
	return expected_byte(m, s);
}

int http_skip(struct http_message *m, struct http_slot *s)
{
	__u64 n;

	if (!m || !s)
		return HTTP_FAILED;
	n = s->end - s->pos;
	if (m->phase == HTTP_UNTIL_CLOSE) {
		s->pos = s->end;
		s->left = 0;
		return HTTP_MORE;
	}
	if (n > m->length)
		n = m->length;
	s->pos += n;
	m->length -= n;
	if (m->length && s->left)
		m->length -= http_pass(s, m->length);
	if (m->length)
		return HTTP_MORE;
	if (m->phase == HTTP_BODY)
		return HTTP_GOT_MESSAGE;
	m->phase = m->phase == HTTP_CHUNK ? HTTP_CHUNK_CR : HTTP_START;
	return HTTP_MORE;
}

__hidden int http_body(struct http_message *m, int no_body)
{
	if (m->flags & HTTP_LENGTH && m->flags & HTTP_CODING)
		return HTTP_FAILED;
	if (no_body)
		return HTTP_GOT_MESSAGE;
	if (m->flags & HTTP_CHUNKED) {
		chunk_begin(m);
		return HTTP_MORE;
	}
	if (m->flags & HTTP_LENGTH) {
		m->phase = HTTP_BODY;
		return m->length ? HTTP_MORE : HTTP_GOT_MESSAGE;
	}
	if (!(m->flags & HTTP_RESPONSE))
		return m->flags & HTTP_CODING ? HTTP_FAILED : HTTP_GOT_MESSAGE;
	m->phase = HTTP_UNTIL_CLOSE;
	return HTTP_MORE;
}
