// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Request lines: METHOD SP target SP HTTP/1.x, and the markers in their targets. */
#include "http.bpf.h"

#define NEAR_PERIOD_NS 250000000ULL /* at most one "near" event in this time */
#define GLOB_STEPS 65536        /* of matching one pattern: beyond, it does not match */
#define VERSION_LEN 8           /* HTTP/1.1 */
#define PIECE 64                /* bytes of a target that one loop step looks at */

#define HTTP_1_ 0x002e312f50545448ULL /* "HTTP/1." as it is loaded */
#define HTTP_ANY 0x0000002f50545448ULL /* "HTTP/" */
#define LOW_7 0x00ffffffffffffffULL
#define LOW_5 0x000000ffffffffffULL
#define TLS_HANDSHAKE 0x0316    /* content type, major version */
#define GET_ 0x20544547U        /* "GET " */
#define PROXY_ 0x00002059584f5250ULL /* "PROXY " */
#define LOW_6 0x0000ffffffffffffULL
#define HEAD_ 0x0000002044414548ULL /* "HEAD " */
#define CONNECT_ 0x205443454e4e4f43ULL /* "CONNECT " */
#define PRI_HT 0x5448202a20495250ULL /* "PRI * HT" */
#define TP_2_0 0x0000302e322f5054ULL /* "TP/2.0" */

/* One bit for each character of a method: RFC 9110 tokens without lower-case letters. */
static const volatile __u64 method_characters[2] = {0x03ff6cfa00000000ULL, 0x50000001c7fffffeULL};

static __u64 near_ns;           /* when the last "near" event was sent */

static __always_inline int in_method(__u8 c)
{
	return c < 128 && method_characters[c >> 6 & 1] >> (c & 63) & 1;
}

/* Bytes of the method in bytes[from, end): followed by a space, or (partial) by the end. Negative: it is none. */
static __always_inline int method_len(const struct http_slot *s, __u32 from, __u32 end, int partial)
{
	const char *p = http_at(s, from);
	int n = 0;

	for (; n <= RP_METHOD_MAX; n++) {
		if (from + n >= end)
			return partial ? n : -1;
		if (p[n] == ' ')
			return n ? n : -1;
		if (!in_method(p[n]))
			return -1;
	}
	return -1;
}

/* ---- the target -------------------------------------------------------------------------------------------------- */

/* Look for the target's end (a space) and its first '?' in bytes[cursor, limit). */
static __always_inline int target_piece(struct http_slot *s)
{
	const char *p = http_at(s, s->cursor);
	__u64 w, space, query;

#pragma unroll
	for (int k = 0; k < PIECE / 8; k++) {
		w = http_word(p + 8 * k);
		space = bytes_equal(w, ' ');
		query = bytes_equal(w, '?');
		if (query && !s->query && (!space || (query & -query) < (space & -space)))
			s->query = s->cursor + 8 * k + first_byte(query) + 1;
		if (space) {
			s->target_end = s->cursor + 8 * k + first_byte(space);
			return 1;
		}
	}
	s->cursor += PIECE;
	return s->cursor >= s->target_end;
}

static long target_step(__u32 i, struct http_slot **slot)
{
	return target_piece(*slot);
}

/* limit: where the line ends. Sets target_end and query. */
static __always_inline void find_target_end(struct http_slot *s, __u32 limit)
{
	s->cursor = s->target;
	s->target_end = limit;
	s->query = 0;
	if (!target_piece(s))
		bpf_loop(RP_LINE_MAX / PIECE, target_step, &s, 0);
	if (s->target_end > limit)
		s->target_end = limit;
	if (s->query > s->target_end)
		s->query = 0;
}

static __always_inline int line_kind(const char *p)
{
	__u64 w = http_word(p);

	if ((__u32)w == GET_)
		return 0;
	if ((w & LOW_5) == HEAD_)
		return HTTP_LINE_HEAD;
	return w == CONNECT_ ? HTTP_LINE_CONNECT : 0;
}

static __always_inline int not_a_request(const char *p)
{
	__u64 w = http_word(p);

	if ((w & LOW_5) == HTTP_ANY)
		return HTTP_LINE_STATUS;
	if ((w & LOW_6) == PROXY_)
		return HTTP_LINE_PROXY;
	if (w == PRI_HT && (http_word(p + 8) & LOW_6) == TP_2_0)
		return HTTP_LINE_2;
	return HTTP_LINE_BAD;
}

int http_line_may_begin(struct http_slot *s)
{
	const char *p;

	if (!s)
		return 0;
	p = http_at(s, s->line);
	if (s->end - s->line == 1 && *p == (char)TLS_HANDSHAKE)
		return 1;
	return method_len(s, s->line, s->end, 1) >= 0;
}

__hidden int http_line_foreign(struct http_slot *s)
{
	const char *p = http_at(s, s->line);
	__u32 n = s->end - s->line;

	if (n >= 2 && (__u16)http_word(p) == TLS_HANDSHAKE)
		return HTTP_LINE_TLS;
	return n >= 8 ? not_a_request(p) : HTTP_LINE_BAD;
}

int http_line(struct http_slot *s)
{
	__u32 end, version;
	const char *p, *v;
	int n;

	if (!s)
		return HTTP_LINE_BAD;
	end = s->line + s->line_len;
	version = end - VERSION_LEN;
	p = http_at(s, s->line);
	n = (__u32)http_word(p) == GET_ ? 3 : method_len(s, s->line, end, 0);
	if (n < 0)
		return http_line_foreign(s);
	s->target = s->line + n + 1;
	find_target_end(s, end);
	if (s->target_end == s->target)
		return HTTP_LINE_BAD;
	if (s->cut)
		return line_kind(p);
	v = http_at(s, version);
	if (s->target_end + 1 != version || (http_word(v) & LOW_7) != HTTP_1_ || (__u8)(v[7] - '0') > 9)
		return not_a_request(p);
	return line_kind(p) | (v[7] == '0' ? HTTP_LINE_10 : 0);
}

int http_line_any(struct http_slot *s)
{
	__u32 end;
	int n;

	if (!s)
		return HTTP_LINE_BAD;
	end = s->line + s->line_len;
	n = method_len(s, s->line, end, 0);
	if (n < 0)
		return HTTP_LINE_BAD;
	s->target = s->line + n + 1;
	find_target_end(s, end);
	return s->target_end == s->target ? HTTP_LINE_BAD : 0;
}

/* ---- markers ----------------------------------------------------------------------------------------------------- */

/* Are the first `len` bytes of p those of a marker's text? */
static __always_inline int same(const char *p, const volatile char *text, __u32 len, __u32 max)
{
	__u64 differ;

	for (__u32 k = 0; k < max; k += 8) {
		if (k >= len)
			break;
		differ = http_word(p + k) ^ http_word((const char *)text + k);
		if (len - k < 8)
			differ <<= 64 - 8 * (len - k);
		if (differ)
			return 0;
	}
	return 1;
}

/* The parameter at the cursor against each query marker. */
static __always_inline void compare_parameter(struct http_slot *s)
{
	const char *p = http_at(s, s->cursor);
	__u32 left = s->target_end - s->cursor, len;
	char after;

	for (__u32 i = 0; i < RP_MAX_MARKERS; i++) {
		if (i >= cfg.n_markers)
			break;
		len = markers[i].name_len + 1;
		if (markers[i].kind != RP_MARKER_QUERY || len > left || len > RP_MARKER_MAX || !same(p, markers[i].text, len, RP_MARKER_MAX))
			continue;
		s->near_marker = i;
		s->near = s->cursor + len;
		len = markers[i].len;
		if (len > left || len > RP_MARKER_MAX || !same(p, markers[i].text, len, RP_MARKER_MAX))
			continue;
		after = p[len];
		if (len == left || after == '&' || after == '#') {
			if (!s->marker || s->marker > i + 1)
				s->marker = i + 1;
		}
	}
}

/* One piece of the query: the parameter that begins at the cursor, then the way to the next one. */
static long query_piece(__u32 i, struct http_slot **slot)
{
	struct http_slot *s = *slot;
	const char *p;
	__u64 w, hit;

	if (!s->inside)
		compare_parameter(s);
	s->inside = 1;
	p = http_at(s, s->cursor);
#pragma unroll
	for (int k = 0; k < PIECE / 8; k++) {
		w = http_word(p + 8 * k);
		hit = bytes_equal(w, '&') | bytes_equal(w, '#');
		if (hit) {
			s->cursor += 8 * k + first_byte(hit) + 1;
			s->inside = 0;
			return s->cursor > s->target_end || *http_at(s, s->cursor - 1) == '#';
		}
	}
	s->cursor += PIECE;
	return s->cursor >= s->target_end;
}

/* Look for a '#' in bytes[cursor, query). */
static long fragment_piece(__u32 i, struct http_slot **slot)
{
	struct http_slot *s = *slot;
	__u64 hit = bytes_equal(http_word(http_at(s, s->cursor)), '#');

	s->cursor += hit ? first_byte(hit) : 8;
	return hit || s->cursor >= s->query;
}

/* What looks like a query may be part of a fragment; asked only when there was a match, which is seldom. */
static __always_inline int in_fragment(struct http_slot *s)
{
	s->cursor = s->target;
	bpf_loop(RP_LINE_MAX, fragment_piece, &s, 0);
	return s->cursor < s->query;
}

static __always_inline void match_query(struct http_slot *s)
{
	s->cursor = s->query;
	s->inside = 0;
	bpf_loop(RP_LINE_MAX, query_piece, &s, 0);
	if ((s->marker || s->near) && in_fragment(s))
		s->marker = s->near = 0;
}

/* One character of the pattern or the path; a star takes as little as possible and, when the rest does not match, one more. */
static long glob_piece(__u32 i, struct http_slot **slot)
{
	struct http_slot *s = *slot;
	const volatile struct rp_marker *m = &markers[s->glob_marker & (RP_MAX_MARKERS - 1)];
	__u32 at = s->glob & (RP_MARKER_MAX - 1);
	char want = s->glob < m->len ? m->text[at] : 0, c = *http_at(s, s->cursor);

	if (want == '*') {
		s->glob++;
		s->star = s->glob;
		s->star_at = s->cursor;
		return 0;
	}
	if (s->cursor >= s->path_end || c == '#') {
		s->matched = s->glob >= m->len;
		return 1;
	}
	if (want == c && s->glob < m->len) {
		s->glob++;
		s->cursor++;
		return 0;
	}
	if (!s->star)
		return 1;
	s->matched = s->star >= m->len;
	s->glob = s->star;
	s->cursor = ++s->star_at;
	return s->matched;
}

#define SCHEME_MAX 16
#define SCHEME_END 0x2f2f3aULL  /* "://" */

static long authority_piece(__u32 i, struct http_slot **slot)
{
	struct http_slot *s = *slot;

	if (s->path >= s->path_end || *http_at(s, s->path) == '/')
		return 1;
	s->path++;
	return 0;
}

/* The path in the target: behind scheme and authority, before the query. (A fragment is cut off in glob_piece().) */
static __always_inline void find_path(struct http_slot *s)
{
	const char *p = http_at(s, s->target);

	s->path = s->target;
	s->path_end = s->query ? s->query - 1 : s->target_end;
	if (*p == '/')
		return;
	for (__u32 k = 1; k < SCHEME_MAX; k++) {
		if ((http_word(p + k) & 0xffffff) != SCHEME_END)
			continue;
		s->path += k + 3;
		bpf_loop(RP_LINE_MAX, authority_piece, &s, 0);
		return;
	}
}

static __always_inline int match_path(struct http_slot *s, __u32 i)
{
	const char *method = http_at(s, s->line);
	__u32 len = markers[i].method_len;

	if (len && (len > RP_METHOD_MAX || !same(method, markers[i].method, len, RP_METHOD_MAX) || method[len] != ' '))
		return 0;
	find_path(s);
	s->glob_marker = i;
	s->glob = s->star = s->matched = 0;
	s->cursor = s->path;
	bpf_loop(GLOB_STEPS, glob_piece, &s, 0);
	return s->matched;
}

/* Bytes of the parameter's value, at most RP_NEAR_VALUE_MAX. */
static __always_inline __u32 near_len(struct http_slot *s)
{
	const char *p = http_at(s, s->near);
	__u32 len = RP_NEAR_VALUE_MAX;
	__u64 w, hit;

#pragma unroll
	for (int k = 0; k < RP_NEAR_VALUE_MAX / 8; k++) {
		w = http_word(p + 8 * k);
		hit = bytes_equal(w, '&') | bytes_equal(w, '#');
		if (hit) {
			len = 8 * k + first_byte(hit);
			break;
		}
	}
	return s->near + len > s->target_end ? s->target_end - s->near : len;
}

static __always_inline void tell_near(struct http_slot *s)
{
	__u64 now = http_now(s), last = near_ns;
	__u32 len = near_len(s);
	struct rp_near *e;

	COUNT(near_marker);
	if (now - last < NEAR_PERIOD_NS || __sync_val_compare_and_swap(&near_ns, last, now) != last)
		return;
	e = bpf_ringbuf_reserve(&events, sizeof *e, 0);
	if (!e) {
		COUNT(events_dropped);
		return;
	}
	__builtin_memset(e, 0, sizeof *e);
	e->h.type = RP_EV_NEAR;
	e->h.len = sizeof *e;
	e->h.t = now;
	e->h.pid = bpf_get_current_pid_tgid() >> 32;
	e->h.tid = bpf_get_current_pid_tgid();
	e->marker = s->near_marker;
	http_opaque(len);
	if (len > RP_NEAR_VALUE_MAX)
		len = RP_NEAR_VALUE_MAX;
	e->len = len;
	bpf_probe_read_kernel(e->value, len, http_at(s, s->near));
	bpf_ringbuf_submit(e, BPF_RB_FORCE_WAKEUP);
}

int http_marker(struct http_slot *s)
{
	if (!s)
		return 0;
	s->marker = 0;
	s->near = 0;
	if (s->query)
		match_query(s);
	for (__u32 i = 0; i < RP_MAX_MARKERS; i++) {
		if (i >= cfg.n_markers || (s->marker && s->marker <= i))
			break;
		if (markers[i].kind == RP_MARKER_PATH && match_path(s, i)) {
			s->marker = i + 1;
			break;
		}
	}
	if (!s->marker && s->near)
		tell_near(s);
	return s->marker;
}
