// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the arguments of a handler's call lead to: its request line, and what answers it.
 */
#include "handler.bpf.h"
#include "http.bpf.h"

#define METHOD_UNKNOWN "-"
#define NODES_MAX 64            /* looked at in a list */

/* arch/x86/include/asm/ptrace.h: struct pt_regs, in words */
enum { WORD_r14 = 1, WORD_bx = 5, WORD_r9 = 8, WORD_r8, WORD_ax, WORD_cx, WORD_dx, WORD_si, WORD_di, WORD_ip = 16 };

#define IN_C(base, in_c, in_go) [base] = WORD_##in_c + 1,
#define IN_GO(base, in_c, in_go) [base] = WORD_##in_go + 1,
const volatile __u8 handler_places[2][HANDLER_BASES] = {{HANDLER_REGISTERS(IN_C)}, {HANDLER_REGISTERS(IN_GO)}};

int handler_value(const struct rp_handler_path *p, const struct handler_values *v, __u64 *ret)
{
	if (!p || !v || !ret)
		return -1;
	return handler_follow(p, handler_base(v, p), ret);
}

/* ---- the request line ------------------------------------------------------------------------------------------------ */

/* Append a text to bytes[0, end), at most `max` bytes of it. Its length, negative: it could not be read. */
static __always_inline int append(struct http_slot *s, const struct rp_handler_text *text, const struct handler_values *v, __u32 max)
{
	__u64 address, length, at = s->end;
	long n;

	if (handler_value(&text->data, v, &address) || (text->length.base && handler_value(&text->length, v, &length)))
		return -1;
	http_opaque(at);
	if (at > RP_LINE_MAX)
		return -1;
	if (!text->length.base) {
		n = bpf_probe_read_user_str(s->bytes + at, max, (void *)address);
		if (n <= 1)
			return -1;
		n--;
	} else {
		length &= NUMBER_MASK;
		http_opaque(length);
		if (length > max)
			length = max;
		if (!length || bpf_probe_read_user(s->bytes + at, length, (void *)address))
			return -1;
		n = length;
	}
	s->end += n;
	return n;
}

/* Append the name of the method that the handler knows as a number. Its length, negative: it has none. */
static __always_inline int append_numbered(struct http_slot *s, const struct rp_handler *h, const struct handler_values *v)
{
	__u64 number;
	long n;

	if (handler_value(&h->method.data, v, &number))
		return -1;
	number &= NUMBER_MASK;
	http_opaque(number);
	if (number >= RP_METHODS)
		return -1;
	n = bpf_probe_read_kernel_str(s->bytes, RP_METHOD_NAME, h->methods[number]);
	if (n <= 1)
		return -1;
	s->end = n - 1;
	return s->end;
}

/* Make bytes[0, line_len) "METHOD target", or the line that the handler was given. */
static __always_inline int make_line(struct http_slot *s, const struct rp_handler *h, const struct handler_values *v)
{
	s->line = s->end = s->cut = 0;
	if (!(h->flags & RP_HANDLER_LINE)) {
		int n = -1;

		if (h->flags & RP_HANDLER_NUMBER)
			n = append_numbered(s, h, v);
		else if (h->method.data.base)
			n = append(s, &h->method, v, RP_METHOD_MAX);
		if (n < 0) {
			s->bytes[0] = METHOD_UNKNOWN[0];
			s->end = 1;
		}
		*(char *)http_at(s, s->end) = ' ';
		s->end++;
	}
	if (append(s, &h->url, v, RP_LINE_MAX - RP_METHOD_MAX - 8) < 0)
		return -1;
	s->line_len = s->end;
	*(char *)http_at(s, s->end) = ' ';
	return http_line_any(s);
}

/* ---- the request, in a list ------------------------------------------------------------------------------------------- */

struct node_search {
	const struct rp_handler_list *list;
	__u64 node;
	__u32 found;
};

static long look_at_node(__u32 n, struct node_search *s)
{
	__u64 key = 0;

	if (!s->node || bpf_probe_read_user(&key, sizeof key, (void *)(s->node + (__s64)s->list->key_offset)))
		return 1;
	s->found = key == s->list->key;
	if (s->found || bpf_probe_read_user(&s->node, sizeof s->node, (void *)(s->node + (__s64)s->list->next)))
		return 1;
	return 0;
}

/* Non-zero: it is not there. */
static __always_inline int find_node(const struct rp_handler_list *list, struct handler_values *v)
{
	struct node_search s = {.list = list};

	if (!list->first.base)
		return 0;
	if (handler_value(&list->first, v, &s.node))
		return -1;
	bpf_loop(NODES_MAX, look_at_node, &s, 0);
	v->node = s.node;
	return s.found ? 0 : -1;
}

/* Can it be what a request line has: a path, *, or an authority? */
static __always_inline int is_target(struct http_slot *s)
{
	__u8 c = *(const __u8 *)http_at(s, s->target);

	return c == '/' || c == '*' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static __always_inline int find_line(struct http_slot *s, const struct rp_handler *h, struct handler_values *v)
{
	if (find_node(&h->list, v) || make_line(s, h, v))
		return -1;
	return h->flags & RP_HANDLER_CHECK && !is_target(s) ? -1 : 0;
}

int handler_line(struct http_slot *s, const struct rp_handler *h, struct handler_values *v, __u32 index)
{
	int bad;

	if (!s || !h || !v)
		return -1;
	bad = find_line(s, h, v);
	if (h->flags & RP_HANDLER_CHECK && handler_doubted(s, index, bad)) {
		COUNT(handler_differs);
		return -1;
	}
	if (bad)
		COUNT(handler_faults);
	return bad;
}

/* ---- what answers it --------------------------------------------------------------------------------------------------- */

#define STATUS_IMPLICIT 200

int handler_reply(const struct rp_handler *h, const struct handler_values *v)
{
	__u64 request, its;

	if (!h || !v || handler_value(&h->replied, v, &request))
		return 0;
	for (__u32 i = 0; i < RP_REPLIES; i++)
		if (h->replies[i].request.base && !handler_value(&h->replies[i].request, v, &its) && its == request)
			return i + 1;
	return 0;
}

int handler_reply_status(const struct rp_handler *h, __u32 reply, __u64 base)
{
	const struct rp_handler_reply *r;
	__u64 status, open = 1;

	if (!h || !reply || reply > RP_REPLIES)
		return 0;
	r = reply == 1 ? &h->replies[0] : &h->replies[1];
	if (handler_follow(&r->status, base, &status) || (r->open.base && handler_follow(&r->open, base, &open)))
		return 0;
	return status ? (int)status : open ? STATUS_IMPLICIT : 0;
}
