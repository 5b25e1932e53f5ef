// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Code objects of Python frames, copied where they are first seen: the thread that runs one keeps it alive just now, while one that was made for a
 * single request may be gone, and its memory used again, before user space comes to read it.
 */
#include "python.bpf.h"

#define CODES_SEEN 65536
#define CODES_AT_ONCE 32        /* from one stack, the innermost: interrupts may be off */

/* Which ones have been sent: a direct-mapped cache, so that a collision costs another copy and never a missing one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CODES_SEEN);
	__type(key, __u32);
	__type(value, __u64);
} codes_seen SEC(".maps");

/* Include/cpython/unicodeobject.h (PyASCIIObject), Include/cpython/bytesobject.h: all versions */
#define OBJECT_SIZE 16          /* characters of a str, bytes of a bytes object */
#define STRING_STATE 32         /* bits: 2 interned, 3 bytes of a character, 1 compact, 1 ASCII */
#define STRING_HEAD 40
#define BYTES_DATA 32

/* Bytes of the str at an address, as far as they lie together; 0 = it cannot be read, or is none. */
static __always_inline __u64 string_size(const struct rp_python *py, struct python_scratch *s, __u64 address)
{
	__u32 state, characters;

	if (bpf_probe_read_user(s->bytes, STRING_HEAD, (void *)address))
		return 0;
	state = python_int(s, STRING_STATE);
	characters = state >> 6 & 1 ? py->string_ascii : py->string_compact;
	return state >> 5 & 1 ? characters + python_word(s, OBJECT_SIZE) * (state >> 2 & 7) : 0;
}

static __always_inline __u64 bytes_size(__u64 address)
{
	__u64 n = python_pointer(address + OBJECT_SIZE);

	return n ? BYTES_DATA + n : 0;
}

/* Copy a part of `size` bytes behind what the event has already. */
static __always_inline void copy_part(struct unwind *u, __u32 part, __u64 size, __u32 max)
{
	__u32 n = size < max ? size : max, at = u->code.h.len - sizeof u->code;

	barrier_var(n);
	if (!n || n > max || at > CODE_PARTS_SIZE - max || bpf_probe_read_user(u->code_parts + at, n, (void *)u->code.parts[part]))
		return;
	u->code.len[part] = n;
	u->code.h.flags |= (n == size) << part;
	u->code.h.len += n;
}

/* All of what lies in *u: the stack has no room. Non-zero: the object is not there any more, or could not be sent. */
static __always_inline int send_code(struct unwind *u)
{
	const struct rp_python *py = python_of(u->code_pid);
	struct rp_python_code *e = &u->code;

	if (!py || bpf_probe_read_user(u->python.bytes, PYTHON_CODE_BYTES, (void *)e->frame.code) || python_check(py, &u->python) != e->frame.check)
		return -1;
	event_head(&e->h, RP_EV_CODE, sizeof *e, bpf_ktime_get_ns(), 0, bpf_get_current_task_btf());
	e->frame.instr = RP_PYTHON_NO_INSTR;
	e->parts[RP_CODE_FUNCTION] = python_word(&u->python, rp_python_function_name(py));
	e->parts[RP_CODE_FILE] = python_word(&u->python, py->code_file_name);
	e->parts[RP_CODE_LINES] = python_word(&u->python, py->code_line_table);
	e->len[RP_CODE_FUNCTION] = e->len[RP_CODE_FILE] = e->len[RP_CODE_LINES] = 0;
	e->first_line = python_int(&u->python, py->code_first_line);
	copy_part(u, RP_CODE_FUNCTION, string_size(py, &u->python, e->parts[RP_CODE_FUNCTION]), RP_CODE_TEXT_MAX);
	copy_part(u, RP_CODE_FILE, string_size(py, &u->python, e->parts[RP_CODE_FILE]), RP_CODE_TEXT_MAX);
	copy_part(u, RP_CODE_LINES, bytes_size(e->parts[RP_CODE_LINES]), RP_CODE_LINES_MAX);
	/* Another thread's may have ended meanwhile, and what was copied be anything. */
	if (bpf_probe_read_user(u->python.bytes, PYTHON_CODE_BYTES, (void *)e->frame.code) || python_check(py, &u->python) != e->frame.check)
		return -1;
	return e->h.len > sizeof *e + CODE_PARTS_SIZE ? -1 : event_send(e, e->h.len);
}

static __always_inline __u64 *seen_entry(const struct unwind *u, __u64 *ret_id)
{
	__u32 key;

	*ret_id = hash_add(hash_add(u->code_pid, u->code.frame.code), u->code.frame.check);
	key = *ret_id & (CODES_SEEN - 1);
	return bpf_map_lookup_elem(&codes_seen, &key);
}

struct codes_walk {
	struct unwind *u;
};

static long codes_step(__u32 i, struct codes_walk *w)
{
	struct unwind *u = w->u;
	__u32 at = u->n + 2 * i;
	__u64 id, *seen;

	u->code.frame.code = u->addresses[at & (UNWIND_WORDS - 1)];
	u->code.frame.check = u->addresses[(at + 1) & (UNWIND_WORDS - 1)] >> 32;
	seen = seen_entry(u, &id);
	if (!seen || *seen == id || !u->code.frame.code || send_code(u))
		return 0;
	seen = seen_entry(u, &id);
	if (seen)
		*seen = id;
	return !--u->codes_left;
}

int unwind_python_codes(struct unwind *u, __u32 pid)
{
	struct codes_walk w = {.u = u};

	if (!u)
		return 0;
	u->code_pid = pid;
	u->codes_left = CODES_AT_ONCE;
	bpf_loop(u->n_python, codes_step, &w, 0);
	return 0;
}
