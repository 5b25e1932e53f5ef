// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Work that is handed to a thread of Python's ThreadPoolExecutor without the caller's context. Who wakes whom says nothing: a thread that is woken
 * for one item of the executor's queue may find another one there, and who has taken an item wakes the next thread. So the items are followed:
 * submit() puts each into the queue, which a probe sees (context_copy.bpf.c), and a thread works for whose item it has at hand. It has one at hand
 * while a local variable of the function in which it waits for work refers to it. That function's frame stays, so it is looked for once.
 */
#include "context_python.bpf.h"

#define STRING_LENGTH 16        /* Include/cpython/unicodeobject.h: PyASCIIObject.length */
#define STRING_DATA_38 48       /* … and what follows it, up to 3.11 */
#define STRING_DATA_312 40
#define LOCALS 8                /* of _worker() in all versions, and more */
/* A thread that was none of a pool may be only about to be one: it is looked at again, after some time more seldom. */
#define LOOKS_CLOSE 256
#define LOOKS_APART 64

__u32 pools_used = 0;

/* Of a process whose submit() was seen: the file in which its function is, and what it makes, as the interpreter's objects. */
struct pool {
	__u64 file, item_type;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct pool);
} pools SEC(".maps");

/* The 8 bytes of a string that begin at `from`, or as many before its end. */
static __always_inline __u64 string_bytes(const struct rp_python *py, __u64 string, __u64 from)
{
	return python_pointer(string + (py->version < 0x030c ? STRING_DATA_38 : STRING_DATA_312) + from);
}

#define WORD(a, b, c, d, e, f, g, h) \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

/* Is it ".../concurrent/futures/thread.py"? */
static __always_inline int is_pool_file(const struct rp_python *py, __u64 string)
{
	__u64 n = python_pointer(string + STRING_LENGTH);

	return n >= 24 && n < 4096 && string_bytes(py, string, n - 8) == WORD('h', 'r', 'e', 'a', 'd', '.', 'p', 'y') &&
	       string_bytes(py, string, n - 16) == WORD('u', 't', 'u', 'r', 'e', 's', '/', 't') &&
	       string_bytes(py, string, n - 24) == WORD('u', 'r', 'r', 'e', 'n', 't', '/', 'f');
}

int pool_submits(__u64 item)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rp_python *py = python_of(task->tgid);
	__u64 state = py ? python_thread_state(py, task, NULL) : 0;
	__u64 code = state ? code_of(py, python_top_frame(py, state)) : 0;
	struct pool pool = {.file = code ? python_pointer(code + py->code_file_name) : 0, .item_type = python_pointer(item + OBJECT_TYPE)};
	__u32 pid = task->tgid;
	__u64 name;

	if (!pool.file || !pool.item_type || !is_pool_file(py, pool.file))
		return 0;
	name = string_bytes(py, python_pointer(code + py->code_name), 0);
	if (name << 8 != (__u64)WORD(0, 's', 'u', 'b', 'm', 'i', 't', 0))
		return 0;
	if (bpf_map_update_elem(&pools, &pid, &pool, BPF_ANY)) {
		COUNT(storage_failed);
		return 0;
	}
	pools_used = 1;
	return 1;
}

/* ---- a thread of a pool ---------------------------------------------------------------------------------------------- */

struct pool_search {
	const struct rp_python *py;
	__u64 file;
	__u64 frame;
	__u64 code;             /* found: the function's */
};

static long pool_search_step(__u32 i, struct pool_search *s)
{
	__u64 code = s->frame ? code_of(s->py, s->frame) : 0;

	if (!s->frame)
		return 1;
	if (code && python_pointer(code + s->py->code_file_name) == s->file &&
	    string_bytes(s->py, python_pointer(code + s->py->code_name), 0) == WORD('_', 'w', 'o', 'r', 'k', 'e', 'r', 0)) {
		s->code = code;
		return 1;
	}
	s->frame = python_pointer(s->frame + s->py->frame_previous);
	return 0;
}

static __always_inline void find_frame(const struct rp_python *py, const struct pool *pool, __u64 state, struct rp_thread *t)
{
	struct pool_search s = {.py = py, .file = pool->file, .frame = python_top_frame(py, state)};
	__u32 looks = t->pool_looks++;

	t->pool_frame = 0;
	if (looks >= LOOKS_CLOSE && looks % LOOKS_APART)
		return;
	bpf_loop(RP_MAX_PYTHON_FRAMES, pool_search_step, &s, 0);
	if (!s.code)
		return;
	t->pool_frame = s.frame;
	t->pool_code = s.code;
}

__u64 pool_item(__u64 state)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct rp_python *py = python_of(task->tgid);
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);
	__u32 pid = task->tgid;
	struct pool *pool = bpf_map_lookup_elem(&pools, &pid);
	__u64 local;

	if (!py || !t || !pool)
		return 0;
	if (!t->pool_frame || code_of(py, t->pool_frame) != t->pool_code)
		find_frame(py, pool, state, t);
	for (int i = 0; t->pool_frame && i < LOCALS; i++) {
		local = python_object(py, python_pointer(t->pool_frame + py->frame_locals + 8 * i));
		if (local && python_pointer(local + OBJECT_TYPE) == pool->item_type)
			return local;
	}
	return 0;
}
