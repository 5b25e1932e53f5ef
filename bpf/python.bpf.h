/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * CPython from outside: its thread states and frames, read from user memory by the offsets of struct rp_python (reqprof.h). Every read may fail or
 * give nonsense, as the interpreter may be changing what is read; a walk is bounded, and says when it could not go on. Nearly all of it is inlined:
 * the programs that take stacks have no room for deeper calls.
 */
#ifndef REQPROF_PYTHON_BPF_H
#define REQPROF_PYTHON_BPF_H

#include "request.bpf.h"
#include "unwind.bpf.h"

/* What is read of an object at once: as much as the furthest of its fields needs, in all versions. */
#define PYTHON_FRAME_BYTES 128
#define PYTHON_CODE_BYTES 192
#define PYTHON_THREADS_MAX 1024 /* thread states that are looked through */

#define CO_COROUTINE 0x80       /* Include/cpython/code.h */
#define OBJECT_TYPE 8           /* Include/object.h: PyObject.ob_type; the head is 16 bytes */
#define OBJECT_HEAD 16
#define OWNER_GENERATOR 1       /* Include/internal/pycore_frame.h: FRAME_OWNED_BY_GENERATOR */

/* ---- maps.bpf.c ------------------------------------------------------------------------------------------------------ */

/* Interpreters by process: from user space, and by a fork. */
struct pythons_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RP_SPACES_MAX);
	__type(key, __u32);
	__type(value, struct rp_python);
};
extern struct pythons_map pythons SEC(".maps");

static __always_inline const struct rp_python *python_of(__u32 pid)
{
	return bpf_map_lookup_elem(&pythons, &pid);
}

/* ---- memory ---------------------------------------------------------------------------------------------------------- */

static __always_inline __u64 python_word(const struct python_scratch *s, __u32 offset)
{
	return *(const __u64 *)(s->bytes + (offset & (PYTHON_SCRATCH - 1)));
}

static __always_inline __s32 python_int(const struct python_scratch *s, __u32 offset)
{
	return *(const __s32 *)(s->bytes + (offset & (PYTHON_SCRATCH - 1)));
}

static __always_inline __u8 python_byte(const struct python_scratch *s, __u32 offset)
{
	return s->bytes[offset & (PYTHON_SCRATCH - 1)];
}

/* A pointer in the process' memory; 0 = it cannot be read: that is what the helper leaves then. */
static __always_inline __u64 python_pointer(__u64 address)
{
	__u64 value;

	bpf_probe_read_user(&value, sizeof value, (void *)address);
	return value;
}

/* A reference to an object, where they may have tags; without a branch, of which the verifier would look at both ways, everywhere. */
static __always_inline __u64 python_object(const struct rp_python *py, __u64 reference)
{
	__u64 tagged = (py->flags / RP_PYTHON_TAGGED) & 1;

	return reference & ~(3 * tagged);
}

/* ---- thread states --------------------------------------------------------------------------------------------------- */

/* unwind_python.bpf.c: look for the one with an id among those of the current process, 0 = there is none. Global, so that the verifier looks at it
 * once. */
__u64 python_search(__u64 id);

/* The thread state of `task`, whose memory must be the current one; 0 = it has none. Remembered in *cached, if that is not NULL. Of several that of
 * the oldest interpreter in which the thread runs something, where its event loop or its pool is: interpreters are listed newest first. */
static __always_inline __u64 python_thread_state(const struct rp_python *py, struct task_struct *task, __u64 *cached)
{
	__u64 id = BPF_CORE_READ(task, thread.fsbase), found;

	if (!id)
		return 0;
	if (cached && *cached && python_pointer(*cached + py->thread_id) == id)
		return *cached;
	found = python_search(id);
	if (cached)
		*cached = found;
	return found;
}

/* Its current context, 0 = none or not to be read. */
static __always_inline __u64 python_context(const struct rp_python *py, __u64 thread_state)
{
	return thread_state ? python_pointer(thread_state + py->thread_context) : 0;
}

/* ---- frames ---------------------------------------------------------------------------------------------------------- */

/* The innermost frame of a thread state. */
static __always_inline __u64 python_top_frame(const struct rp_python *py, __u64 thread_state)
{
	__u64 frame = python_pointer(thread_state + py->thread_frame);

	return py->cframe_frame == RP_PYTHON_NONE || !frame ? frame : python_pointer(frame + py->cframe_frame);
}

/* The innermost one outside of the evaluation loop of a _PyCFrame; 0 = none. */
static __always_inline __u64 python_outer_frame(const struct rp_python *py, __u64 cframe)
{
	__u64 previous = cframe ? python_pointer(cframe + py->cframe_previous) : 0;

	return previous ? python_pointer(previous + py->cframe_frame) : 0;
}

/* What a frame is: the parts of it that a walk needs. */
struct python_frame {
	struct rp_python_frame out;
	__u64 previous;
	__u64 coroutine;        /* the coroutine that it is of, 0 = it is of none */
	__u32 is_shim;          /* the interpreter's own mark: an evaluation loop begins, `out` is empty */
};

static __always_inline __u32 python_instruction(const struct rp_python *py, const struct python_scratch *s, __u64 code)
{
	__u64 instr;

	if (py->flags & RP_PYTHON_INSTR_INDEX) {
		__s32 index = python_int(s, py->frame_instr);

		if (index < 0)
			return RP_PYTHON_NO_INSTR;
		instr = py->flags & RP_PYTHON_INSTR_UNITS ? index * 2ULL : index;
	} else {
		instr = python_word(s, py->frame_instr) - code - py->code_instructions;
	}
	return instr < RP_PYTHON_NO_INSTR ? instr : RP_PYTHON_NO_INSTR;
}

/* The generator or coroutine that a frame belongs to, 0 = none. */
static __always_inline __u64 python_generator(const struct rp_python *py, const struct python_scratch *s, __u64 frame)
{
	if (py->frame_generator != RP_PYTHON_NONE)
		return python_word(s, py->frame_generator);
	return python_byte(s, py->frame_owner) == OWNER_GENERATOR ? frame - py->generator_frame : 0;
}

static __always_inline int python_is_entry(const struct rp_python *py, const struct python_scratch *s)
{
	if (py->frame_owner == RP_PYTHON_NONE) /* to 3.10: one evaluation loop for every frame */
		return 1;
	return py->frame_is_entry != RP_PYTHON_NONE && python_byte(s, py->frame_is_entry);
}

/* Of the code object whose bytes are in *s. */
static __always_inline __u32 python_check(const struct rp_python *py, const struct python_scratch *s)
{
	struct rp_python_identity id = {
		.file_name = python_word(s, py->code_file_name), .function = python_word(s, rp_python_function_name(py)),
		.line_table = python_word(s, py->code_line_table), .first_line = python_int(s, py->code_first_line),
	};

	for (int i = 0; i < RP_PYTHON_CODE_MORE; i++)
		id.more[i] = python_word(s, rp_python_code_more[i]);
	return rp_python_check(&id);
}

/* Of one in the process' memory. */
static __always_inline __u32 python_check_at(const struct rp_python *py, __u64 code)
{
	struct rp_python_identity id = {
		.file_name = python_pointer(code + py->code_file_name), .function = python_pointer(code + rp_python_function_name(py)),
		.line_table = python_pointer(code + py->code_line_table), .first_line = python_pointer(code + py->code_first_line),
	};

	for (int i = 0; i < RP_PYTHON_CODE_MORE; i++)
		id.more[i] = python_pointer(code + rp_python_code_more[i]);
	return rp_python_check(&id);
}

/* Non-zero: it is none. */
static __always_inline int python_read_code(const struct rp_python *py, struct python_scratch *s, struct python_frame *f)
{
	if (bpf_probe_read_user(s->bytes, PYTHON_CODE_BYTES, (void *)f->out.code)) {
		f->coroutine = 0;
		return 0; /* paged out: user space may have more luck, though it cannot tell whether it is still the same */
	}
	if (py->code_type && python_word(s, OBJECT_TYPE) != py->code_type)
		return -1;
	f->out.check = python_check(py, s);
	if (!(python_int(s, py->code_flags) & CO_COROUTINE))
		f->coroutine = 0;
	return 0;
}

/* No more than a frame has before its local variables: what comes after it may be memory that nobody has touched yet. */
static __always_inline long python_copy_frame(const struct rp_python *py, __u64 address, struct python_scratch *s)
{
	__u32 n = py->frame_locals;

	if (n > PYTHON_FRAME_BYTES)
		n = PYTHON_FRAME_BYTES;
	return bpf_probe_read_user(s->bytes, n, (void *)address);
}

/* Read the frame at an address. Non-zero: it cannot be read. */
static __always_inline int python_read_frame(const struct rp_python *py, __u64 address, struct python_scratch *s, struct python_frame *ret)
{
	__u64 code;

	*ret = (struct python_frame){};
	if (python_copy_frame(py, address, s))
		return -1;
	ret->previous = python_word(s, py->frame_previous);
	if (py->frame_owner != RP_PYTHON_NONE && python_byte(s, py->frame_owner) >= RP_PYTHON_OWNER_C) {
		ret->is_shim = 1;
		return 0;
	}
	code = python_object(py, python_word(s, py->frame_code));
	ret->out.code = code;
	ret->out.instr = python_instruction(py, s, code);
	if (python_is_entry(py, s))
		ret->out.instr |= RP_PYTHON_ENTRY;
	ret->coroutine = python_generator(py, s, address);
	if (ret->coroutine)
		ret->out.instr |= RP_PYTHON_GENERATOR;
	return python_read_code(py, s, ret);
}

#endif
