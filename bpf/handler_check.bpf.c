// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where a server keeps its requests is known from its version, which may lie. So for a handler of the catalog what is found there is compared with
 * what came over a plain connection, as far as there are any: with the request line that the thread has read last before it calls the handler. From
 * the first call on that agrees it is believed; until then one that differs is not, nor what the handler has after it.
 */
#include "handler.bpf.h"
#include "http.bpf.h"

#define SEEN_MAX 64             /* bytes of a line that are compared */
#define SEEN_THREADS 256
#define SEEN_HEAD sizeof(__u32)

__s32 handlers_to_check = 0;    /* reads that are looked at; user space adds some while there are handlers to check */
__u8 handler_verdicts[RP_MAX_HANDLERS] = {}; /* by index: 0 = not known yet */

__u8 handlers_looked[RP_MAX_HANDLERS] = {}; /* by index: calls whose URL was read, as far as they are counted */

__u32 handlers_saw_lines = 0;   /* there may be some; where only TLS is spoken there are none */

/* As copied into a slot. */
struct seen_line {
	__u32 len;
	char bytes[SEEN_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SEEN_THREADS);
	__type(key, __u32);
	__type(value, struct seen_line);
} seen_lines SEC(".maps");

static __always_inline int is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Where the target begins in it: 0 = it is no request line, or its target no path. */
static __always_inline __u32 target_of(const struct seen_line *line)
{
	for (__u32 i = 0; i <= RP_METHOD_MAX; i++)
		if (!is_upper(line->bytes[i]))
			return i && line->bytes[i] == ' ' && line->bytes[i + 1] == '/' ? i + 1 : 0;
	return 0;
}

/* Copies the begin of what was read into bytes[] of the slot. NULL: it is no request line. */
static __always_inline struct seen_line *copy_line(struct http_slot *s, __u32 n)
{
	struct seen_line *line = (struct seen_line *)s->bytes;
	__u32 from;

	s->pos = 0;
	s->end = SEEN_HEAD;
	s->window = SEEN_MAX;
	if (http_bytes(s, n, 0) || s->end <= SEEN_HEAD)
		return NULL;
	line->len = s->end - SEEN_HEAD;
	from = target_of(line);
	return from && from < line->len ? line : NULL; /* what stands behind it is old */
}

int handler_saw(__u32 n)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct http_slot *s = http_slot_scratch();
	struct seen_line *line;

	if (!s)
		return 0;
	__sync_fetch_and_add(&handlers_to_check, -1);
	line = copy_line(s, n);
	if (line)
		handlers_saw_lines = 1;
	if (!line || bpf_map_update_elem(&seen_lines, &tid, line, BPF_ANY))
		bpf_map_delete_elem(&seen_lines, &tid);
	s->token = 0;
	return 0;
}

/* Is the slot's target the one at bytes[cursor] of this line, as far as that is compared? Negative: too little of it was read to tell. */
static __always_inline int is_same_target(const struct http_slot *s, const struct seen_line *line)
{
	__u32 len = s->target_end - s->target, i;

	for (i = 0; i < SEEN_MAX - RP_METHOD_MAX - 2; i++) {
		__u64 at = s->cursor + i;
		char c;

		http_opaque(at);
		if (at >= SEEN_MAX)
			return 1;
		if (at >= line->len)
			return -1;
		c = line->bytes[at];
		if (c == ' ' || c == '\r' || c == '\n')
			break;
		if (i >= len || *http_at(s, s->target + i) != c)
			return 0;
	}
	return i == len || i == SEEN_MAX - RP_METHOD_MAX - 2;
}

#define LOOKED_ENOUGH 64

int handler_believed(__u32 index)
{
	if (index >= RP_MAX_HANDLERS)
		return 0;
	if (handlers_looked[index] < LOOKED_ENOUGH) {
		handlers_looked[index]++;
		return 0;
	}
	return !handlers_saw_lines || handler_verdicts[index] == RP_VERDICT_AGREES;
}

int handler_doubted(struct http_slot *s, __u32 index, int unreadable)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct seen_line *line;
	int same = -1;
	__u8 *verdict;

	if (!s || index >= RP_MAX_HANDLERS)
		return 0;
	verdict = &handler_verdicts[index];
	line = *verdict == RP_VERDICT_AGREES || !handlers_saw_lines ? NULL : bpf_map_lookup_elem(&seen_lines, &tid);
	s->cursor = line ? target_of(line) : 0;
	if (s->cursor)
		same = unreadable ? 0 : is_same_target(s, line);
	if (same >= 0)
		*verdict = same ? RP_VERDICT_AGREES : RP_VERDICT_DIFFERS;
	if (line)
		bpf_map_delete_elem(&seen_lines, &tid); /* it is that of this call only */
	return *verdict == RP_VERDICT_DIFFERS;
}
