/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Part of the contract (reqprof.h): what is known of an interpreter of CPython.
 *
 * One interpreter of a process as addresses and offsets, so that the programs know no version: map `pythons`, pid → struct rp_python. Found by user
 * space (unwind/python.c says where each is from). Offsets are in bytes, RP_PYTHON_NONE = this version has no such field.
 */
#ifndef REQPROF_CONTRACT_PYTHON_H
#define REQPROF_CONTRACT_PYTHON_H

#define RP_PYTHON_NONE (~0U)
#define RP_MAX_PYTHON_FRAMES 256

/* flags of struct rp_python */
#define RP_PYTHON_INSTR_INDEX 1 /* frame_instr is an int: an index from the first instruction, in bytes; else the address of an instruction */
#define RP_PYTHON_INSTR_UNITS 2 /* … in units of 2 bytes (3.10) */
#define RP_PYTHON_TAGGED 4      /* the low 2 bits of frame_code, and of what is on a frame's stack, are tags (3.14) */
#define RP_PYTHON_STACK_INDEX 8 /* frame_stack_top is an int: entries in use from frame_locals on (3.11 to 3.13); else the address behind the top */
#define RP_PYTHON_STACK_DEPTH 16 /* … entries in use from the address in frame_value_stack on (3.10) */
#define RP_PYTHON_FREE_THREADED 32 /* there is no GIL */
#define RP_PYTHON_PROBE_INSIDE 64 /* the probe of PyContext_CopyCurrent is where the return address is not on top of the stack any more: its return
				   * must not be probed from there */

struct rp_python {
	__u64 runtime;          /* address of _PyRuntime */
	__u32 flags;            /* RP_PYTHON_* */
	__u32 version;          /* PY_VERSION_HEX >> 16: 0x030b */
	/* in _PyRuntime */
	__u32 interpreters;     /* PyInterpreterState *: the first one */
	__u32 runtime_gil;      /* struct _gil_runtime_state (to 3.11) */
	/* in PyInterpreterState */
	__u32 interpreter_next;
	__u32 interpreter_threads; /* PyThreadState *: the first one */
	__u32 interpreter_gil;  /* struct _gil_runtime_state * (from 3.12) */
	__u32 interpreter_free_contexts; /* PyContext *: head of the list of free ones (where it lies in there) */
	/* in struct _gil_runtime_state */
	__u32 gil_holder;       /* PyThreadState *: who holds it, or held it last */
	__u32 gil_locked;       /* int */
	__u32 gil_size;
	/* in PyThreadState */
	__u32 thread_next;
	__u32 thread_interpreter;
	__u32 thread_frame;     /* the innermost frame; with cframe_frame: _PyCFrame * */
	__u32 thread_id;        /* pthread_t: on x86_64 the thread's fs base */
	__u32 thread_native_id; /* TID in its own PID namespace */
	__u32 thread_context;   /* PyContext * */
	/* in _PyCFrame (3.11, 3.12) */
	__u32 cframe_frame;     /* the innermost frame */
	__u32 cframe_previous;  /* _PyCFrame *: of the evaluation loop outside of this one */
	/* in PyFrameObject (to 3.10), _PyInterpreterFrame (from 3.11) */
	__u32 frame_code;       /* PyCodeObject *; of no code: the frame is a mark of the interpreter's */
	__u32 frame_previous;
	__u32 frame_instr;
	__u32 frame_owner;      /* char: 0 thread, 1 generator, 2 frame object, RP_PYTHON_OWNER_C and above: the interpreter itself */
	__u32 frame_is_entry;   /* bool: the evaluation loop was entered for it (3.11) */
	__u32 frame_generator;  /* PyObject *, borrowed: its generator or coroutine (to 3.10) */
	__u32 frame_locals;     /* PyObject *[]: local variables, arguments first */
	__u32 frame_stack_top;
	__u32 frame_value_stack;
	/* in PyCodeObject */
	__u32 code_flags;       /* int: CO_COROUTINE 0x80, CO_GENERATOR 0x20, CO_ASYNC_GENERATOR 0x200 */
	__u32 code_first_line;  /* int */
	__u32 code_file_name;   /* PyObject * */
	__u32 code_name;        /* PyObject * */
	__u32 code_qualified_name; /* PyObject * (from 3.11) */
	__u32 code_line_table;  /* PyObject * */
	__u32 code_instructions; /* the first one (from 3.11) */
	/* in a str: where its characters begin (PyASCIIObject, PyCompactUnicodeObject) */
	__u32 string_ascii;
	__u32 string_compact;
	/* in PyGenObject, PyCoroObject */
	__u32 generator_frame;  /* the frame itself (from 3.11), PyFrameObject * (to 3.10) */
	__u32 generator_state;  /* signed char (from 3.11) */
	__u32 size;             /* of this struct */
	__u32 pad;
	__u64 coroutine_type;   /* address of PyCoro_Type, 0 = unknown */
	__u64 code_type;        /* of PyCode_Type */
};
_Static_assert(sizeof(struct rp_python) == 8 + 4 * 42 + 16, "rp_python");
#define RP_PYTHON_OWNER_C 3

/* Frames follow the addresses in RP_EV_STACK, innermost first. */
struct rp_python_frame {
	__u64 code;             /* address of the code object */
	__u32 instr;            /* bytes from its first instruction, or RP_PYTHON_NO_INSTR; flags in the upper bits */
	__u32 check;            /* rp_python_check() of the code object as it was then: another one may get its address */
};
_Static_assert(sizeof(struct rp_python_frame) == 16, "rp_python_frame");
#define RP_PYTHON_ENTRY (1U << 31)      /* the outermost one of its evaluation loop: the next belongs to another native frame */
#define RP_PYTHON_GENERATOR (1U << 30)  /* of a generator or coroutine */
#define RP_PYTHON_NO_INSTR (RP_PYTHON_GENERATOR - 1)
#define RP_PYTHON_INSTR(instr) ((instr) & RP_PYTHON_NO_INSTR)

/* What a code object is told by from the next one that gets its address, which may be made in the same way, of parts that get the addresses of its
 * parts. None of it changes as long as the object is there. `more`, by version: arguments, local and other variables, constants, names, the size of
 * the stack, from 3.12 on a number that no two have. */
#define RP_PYTHON_CODE_MORE 4
static const __u32 rp_python_code_more[RP_PYTHON_CODE_MORE] = {24, 32, 56, 88};

struct rp_python_identity {
	__u64 file_name, function, line_table;
	__u64 more[RP_PYTHON_CODE_MORE]; /* the words of the object at rp_python_code_more */
	__u32 first_line;
};

static inline __attribute__((always_inline)) __u32 rp_python_check(const struct rp_python_identity *c)
{
	__u64 x = ((c->file_name * 31 + c->function) * 31 + c->line_table) * 31 + c->first_line;

	for (int i = 0; i < RP_PYTHON_CODE_MORE; i++)
		x = x * 31 + c->more[i];
	x *= 0x9e3779b97f4a7c15ULL;
	return x >> 32;
}

/* Where the name is that a code object is shown by: the qualified one if the version has it. */
static inline __attribute__((always_inline)) __u32 rp_python_function_name(const struct rp_python *p)
{
	return p->code_qualified_name != RP_PYTHON_NONE ? p->code_qualified_name : p->code_name;
}

/* RP_EV_CODE is a copy of a code object, of the moment when it was first seen in a process: it may be gone soon. It precedes the stacks that name it.
 * Its parts are objects of Python (PyUnicodeObject, PyBytesObject), as many bytes of each as are copied. */
#define RP_CODE_FUNCTION 0      /* rp_python_function_name() */
#define RP_CODE_FILE 1
#define RP_CODE_LINES 2
#define RP_CODE_PARTS 3
#define RP_CODE_TEXT_MAX 512    /* bytes of a str that are copied */
#define RP_CODE_LINES_MAX 8192  /* of a line table */

/* Who held the GIL when a thread began to wait for it. */
struct rp_gil_holder {
	__u32 tid;              /* 0 = unknown */
	__u32 request;          /* serial of the marked request that it works for, 0 = none */
	struct rp_python_frame frame; /* the innermost one of it, code 0 = unknown */
};

#endif
