// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Heads that came in one piece and have nothing unusual: nearly all. They are scanned in one go, without the calls that the steps of
 * http_message.bpf.c take (a return costs 10 ns where the kernel guards it). Whatever is not as usual, down to a line that ends in a
 * bare LF, is left to those steps: what is refused here is not decided here.
 */
#include "http_scan.bpf.h"

#define PIECES 40               /* lines, and pieces of LINE_PIECE bytes of longer ones */
#define PIECES_AT_ONCE 5

/* What a loop carries from one turn to the next lies in memory that the verifier does not follow: so all turns look alike to it, else it
 * tries every way through the head. */
#define unseen(x) (*(volatile typeof(x) *)&(x))

/* Fields that are left to the steps: of a coding, folded lines. Control characters are seen where the line is searched for its end. */
static __always_inline int unusual(__u64 w)
{
	return blank((__u8)w) || (w | LETTERS) == TRANSFER;
}

static __always_inline int is_length(const char *p, __u64 w)
{
	return (w | CONTENT_LETTERS) == CONTENT_ && (http_word(p + 6) | T_LENGTH_LETTERS) == T_LENGTH;
}

/* A line, or a piece of one, at the cursor. 0 = not as usual; 1 = it is passed; 2 = it is the empty one. */
static __always_inline int piece(struct http_slot *s)
{
	__u32 pos = unseen(s->cursor), n;
	const char *p = http_at(s, pos);
	__u64 w = http_word(p);

	if (pos + 2 > s->end)
		return 0;
	if (!unseen(s->inside)) {
		if ((__u16)w == CRLF)
			return 2;
		if (unusual(w))
			return 0;
		if (is_length(p, w)) {
			if (unseen(s->length_at))
				return 0;
			unseen(s->length_at) = pos;
		}
	}
	n = line_break(p);
	unseen(s->inside) = n == LINE_PIECE;
	if (n == LINE_PIECE) {
		unseen(s->cursor) = pos + n;
		return 1;
	}
	unseen(s->cursor) = pos + n + 2;
	return (__u16)http_word(http_at(s, pos + n)) == CRLF;
}

/* A few of them. The same results. */
static __always_inline int pieces(struct http_slot *s)
{
	int r = 1;

	for (int i = 0; i < PIECES_AT_ONCE && r == 1; i++)
		r = piece(s);
	return r;
}

/* As a function that the verifier looks at once. */
int http_whole_pieces(struct http_slot *s)
{
	return s ? pieces(s) : 0;
}

/* The lines from the cursor on, up to the empty one: where the head ends, 0 = not as usual. Sets length_at. */
static __always_inline __u32 scan(struct http_slot *s)
{
	int r;

	s->length_at = 0;
	r = pieces(s);
	for (int i = 1; i < PIECES / PIECES_AT_ONCE && r == 1; i++)
		r = http_whole_pieces(s);
	return r == 2 ? s->cursor + 2 : 0;
}

/* A piece of the first line; non-zero: it ends there. */
static __always_inline int first_piece(struct http_slot *s)
{
	__u32 pos = unseen(s->cursor), n = line_break(http_at(s, pos));

	unseen(s->cursor) = pos + n;
	return n < LINE_PIECE;
}

static long first_step(__u32 i, struct http_slot **s)
{
	return first_piece(*s);
}

/* Bytes of the first line; most end in its first piece. */
static __always_inline __u32 first_line(struct http_slot *s)
{
	unseen(s->cursor) = 0;
	if (!first_piece(s))
		bpf_loop(HTTP_WINDOW / LINE_PIECE - 1, first_step, &s, 0);
	return unseen(s->cursor);
}

int http_whole_request(struct http_slot *s)
{
	__u64 length = 0;
	__u32 n;

	if (!s || (__u8)(*http_at(s, 0) - 'A') >= 26)
		return 0;
	n = first_line(s);
	if (n + 2 > s->end || (__u16)http_word(http_at(s, n)) != CRLF)
		return 0;
	s->cursor = n + 2;
	s->inside = 0;
	if (scan(s) != s->end || (s->length_at && (!http_field_length(s, s->length_at, &length) || length)))
		return 0;
	s->line = 0;
	s->line_len = n;
	s->cut = 0;
	return 1;
}

int http_whole_response(struct http_message *m, struct http_slot *s)
{
	__u32 status, end, rest;
	const char *p;

	if (!m || !s)
		return 0;
	p = http_at(s, 0);
	if ((http_word(p) & LOW_7) != HTTP_1_ || p[8] != ' ' || !digits3(p + 9, &status) || status < 200 || status == 204 || status == 304)
		return 0;
	s->cursor = 12;
	s->inside = 1;
	end = scan(s);
	if (!end || !s->length_at || !http_field_length(s, s->length_at, &m->length))
		return 0;
	rest = s->total - end;
	if (rest > m->length)
		return 0;
	m->length -= rest;
	m->phase = HTTP_BODY;
	s->pos = s->end;
	s->left = 0;
	return status;
}
