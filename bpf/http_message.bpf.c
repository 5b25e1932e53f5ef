// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Framing of HTTP/1.x messages (RFC 9112): where start line, head and body end, however the bytes are cut into pieces.
 *
 * What two HTTP implementations could read in two ways is refused: a bare CR, folded lines, blanks before the colon, several lengths, a length
 * and a coding, and in chunked bodies everything but CRLF. A body can then never be taken for a request.
 */
#include "http_scan.bpf.h"

static const volatile char status_text[8] = "HTTP/1.";
static const volatile char proxy_signature[16] = "\r\n\r\n\0\r\nQUIT\n";
#define PROXY_SIGNATURE_LEN 12

#define CHUNK_DIGITS_MAX 15

/* ---- chunks ------------------------------------------------------------------------------------------------------ */

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

static long chunk_size_step(__u32 i, struct bytes_step *b)
{
	struct http_slot *s = b->s;

	if (s->pos >= s->end || b->m->phase != HTTP_CHUNK_SIZE)
		return 1;
	b->r = chunk_size_byte(b->m, *http_at(s, s->pos));
	s->pos++;
	return b->r != HTTP_MORE;
}

static __always_inline int chunk_size(struct http_message *m, struct http_slot *s)
{
	struct bytes_step b = {.m = m, .s = s, .r = HTTP_MORE};

	bpf_loop(BYTES_PER_STEP, chunk_size_step, &b, 0);
	return b.r;
}

static __always_inline int chunk_extension(struct http_message *m, struct http_slot *s)
{
	int r = skip_line(m, s, HTTP_CHUNK_SIZE_LF);

	if (r < 0 || r == SKIP_LONE_LF)
		return HTTP_FAILED;
	return r ? chunk_size_end(m) : HTTP_MORE;
}

/* ---- start lines ------------------------------------------------------------------------------------------------- */

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

/* ---- one step ---------------------------------------------------------------------------------------------------- */

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
		return http_field_end(m);
	case HTTP_HEAD_LF:
		return http_head_end(m);
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
		return http_field(m, s);
	case HTTP_SKIP:
		return http_field_skip(m, s);
	case HTTP_START:
		return m->flags & HTTP_RESPONSE ? response_start(m, s) : request_start(m, s);
	case HTTP_REQUEST_LINE:
		return request_line(m, s);
	case HTTP_LONG_LINE:
		return long_line(m, s);
	case HTTP_STATUS:
		return status(m, s);
	case HTTP_NAME:
		return http_field_name(m, s);
	case HTTP_VALUE:
		return http_field_value(m, s, trace);
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
