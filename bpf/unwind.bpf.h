/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Unwinding of user stacks: what stack.bpf.c asks for, and what the unwinders work on. The tables that they read are described in
 * reqprof.h.
 *
 * unwind.bpf.c walks: it finds out what code the address of a frame lies in, lets the unwinder of that code (unwind_*.bpf.h) find the frame's
 * caller, and so on up to the bottom of the stack, or to where it cannot go on, which it says.
 */
#ifndef REQPROF_UNWIND_BPF_H
#define REQPROF_UNWIND_BPF_H

#include "reqprof.bpf.h"

#define USER32_CS 0x23          /* arch/x86/include/asm/segment.h: __USER32_CS */
#define UNWIND_WORDS 1024       /* addresses of 383 frames, and two words for each of 256 Python frames */
#define CODE_PARTS_SIZE (2 * RP_CODE_TEXT_MAX + RP_CODE_LINES_MAX)
#define WINDOW_WORDS 256        /* stack memory is copied in blocks: one copy serves several frames */
#define PYTHON_STATES 4         /* interpreters that one thread may be in the middle of */

/* ---- maps.bpf.c: the tables ---------------------------------------------------------------------------------------- */

struct chunk_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct rp_chunk)); /* clang leaves types out that only an inner map names */
};

struct chunks_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RP_CHUNKS_MAX);
	__type(key, __u32);
	__array(values, struct chunk_map);
};
extern struct chunks_map chunks SEC(".maps");

/* Written by user space, and by a fork: the child has its parent's code. */
struct spaces_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RP_SPACES_MAX);
	__type(key, __u32);
	__type(value, struct rp_space);
};
extern struct spaces_map spaces SEC(".maps");

/* The chunk that holds a cell, NULL = there is none. */
static __always_inline struct rp_chunk *chunk_of(__u32 cell)
{
	__u32 number = cell >> RP_CHUNK_SHIFT, zero = 0;
	void *chunk = bpf_map_lookup_elem(&chunks, &number);

	return chunk ? bpf_map_lookup_elem(chunk, &zero) : NULL;
}

/* All ones if a <= b, else 0; both below 2^63. Without a branch the verifier has half as much to look at for each step of a search. */
static __always_inline __u64 not_above(__u64 a, __u64 b)
{
	return ~(__u64)((__s64)(b - a) >> 63);
}

/* ---- a walk -------------------------------------------------------------------------------------------------------- */

/* Where an object of an interpreter is copied to, in order to look at its fields. */
#define PYTHON_SCRATCH 256
struct python_scratch {
	__u8 bytes[PYTHON_SCRATCH + 8];
};

/* A walk, and the event that it fills, from the innermost kernel frame to the outermost user frame. It lies in map memory: what the verifier cannot
 * follow it does not have to look at once for every value. ip, sp and fp are those of the frame that is looked at. */
struct unwind {
	__u64 ip, sp, fp;
	__u64 pc;               /* what ip is looked up by: for a return address the byte before it, in the call */
	__u64 hash;
	__u32 n;                /* addresses in the event */
	__u32 reason;           /* RP_STACK_*, from enum rp_stack_reason */
	__u32 innermost;        /* its registers are those of the task */
	__u32 signal;           /* the frame was interrupted by a signal: its ip is no return address */
	__u32 guessed;          /* ip is the answer of frame pointers where nothing says that there are any */
	__u32 known;            /* `text` holds pc */
	__u64 task;             /* struct task_struct * */
	__u64 regs;             /* struct pt_regs * of its user mode */
	__u64 return_slot;      /* address that ip was read from, 0 = none */
	__u64 rbx_slot;         /* address that the frame's rbx is saved at, 0 = not known */
	struct rp_space space;
	struct rp_text text;
	__u64 window_at;        /* address that `window` is a copy of */
	__u64 window_len;       /* bytes */
	__u64 window[WINDOW_WORDS + 1];
	struct python_scratch python;
	__u64 python_state;     /* thread state, 0 = none */
	__u64 python_frame;     /* the next one */
	__u64 python_cframe;    /* of the evaluation loop that is looked at first, 0 = loops have none */
	__u64 python_outer;     /* the innermost frame outside of that loop */
	__u64 python_hash;      /* `hash` before the first one */
	__u64 coroutine;        /* the outermost coroutine among the frames: that of the asyncio task; 0 = none */
	__u32 n_python;
	__u32 python_flags;     /* RP_STACK_PYTHON_* */
	__u32 python_unsure;    /* loops that may still be tried for the innermost: python_outer was not met yet */
	__u32 python_states_walked;
	__u64 python_states[PYTHON_STATES]; /* where there are several interpreters, those of the thread that run something, the innermost first */
	__u32 n_python_states;
	__u32 pad_python;
	__u64 awaited, awaited_type, local, local_2, local_type; /* struct rp_task_wait */
	__u32 suspended;        /* RP_TASK_* */
	__u32 kernel_flags;     /* RP_STACK_NO_KERNEL */
	struct rp_stack head;
	__u64 addresses[UNWIND_WORDS];
	__u32 code_pid;         /* whose code */
	__u32 codes_left;       /* that may be sent */
	struct rp_python_code code; /* an event of its own, and its parts */
	__u8 code_parts[CODE_PARTS_SIZE];
};

static __always_inline __u64 hash_add(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/* Stop here. Returns non-zero. */
static __always_inline int unwind_stop(struct unwind *u, __u32 reason)
{
	u->reason = reason;
	return 1;
}

/* Add the frame's address. Non-zero: there is no room. */
static __always_inline int unwind_push(struct unwind *u)
{
	__u32 n = u->n;

	if (n >= RP_MAX_KERNEL_FRAMES + RP_MAX_USER_FRAMES || n - u->head.n_kernel >= RP_MAX_USER_FRAMES)
		return unwind_stop(u, RP_STACK_depth);
	u->addresses[n] = u->ip;
	u->hash = hash_add(u->hash, u->ip);
	u->n = n + 1;
	return 0;
}

/* Read a word of the stack; `low` is the lowest address that will be wanted for this frame. Non-zero: it is not there. */
static __always_inline int stack_word(struct unwind *u, __u64 address, __u64 low, __u64 *ret)
{
	__u64 at = address - u->window_at;

	if (at & 7)
		return bpf_probe_read_user(ret, sizeof *ret, (void *)address);
	if (at >= u->window_len) {
		__u32 len = 4096 - (low & 4095); /* not into a page that may not be there */

		if (len > WINDOW_WORDS * 8)
			len = WINDOW_WORDS * 8;
		u->window_len = 0;
		if (low & 7 || bpf_probe_read_user(u->window, len, (void *)low))
			return bpf_probe_read_user(ret, sizeof *ret, (void *)address);
		u->window_at = low;
		u->window_len = len;
		at = address - low;
		if (at >= len)
			return bpf_probe_read_user(ret, sizeof *ret, (void *)address);
	}
	*ret = u->window[at / 8 & (WINDOW_WORDS - 1)];
	return 0;
}

/* unwind.bpf.c: walk from the registers in *u on. Global, so that the verifier looks at it once, not at every call; returns a number because it wants
 * one. */
int unwind_walk(struct unwind *u, __u32 pid);

/* The same of two parts of it: what text pc lies in, and which return address a uretprobe has replaced. */
int unwind_find_text(struct unwind *u);
__u64 unwind_replaced_return(struct unwind *u, __u64 low, __u64 high);

/* unwind_python.bpf.c: add the Python frames of the current task, behind the addresses. Global for the same reason. */
int unwind_python(struct unwind *u, __u32 pid);

/* python_code.bpf.c: send the code objects of these frames that have not been sent yet. */
int unwind_python_codes(struct unwind *u, __u32 pid);

/* The coroutines that u->coroutine awaits, and what the last one does. */
int unwind_awaits(struct unwind *u, __u32 pid);

static __always_inline void unwind_registers(struct unwind *u, struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	u->task = (__u64)task;
	u->regs = (__u64)regs;
	u->ip = u->pc = BPF_CORE_READ(regs, ip);
	u->sp = BPF_CORE_READ(regs, sp);
	u->fp = BPF_CORE_READ(regs, bp);
	u->reason = (__u16)BPF_CORE_READ(regs, cs) == USER32_CS ? RP_STACK_not_64 : RP_STACK_complete;
	u->innermost = 1;
	u->signal = 0;
	u->known = 0;
	u->return_slot = 0;
	u->rbx_slot = 0;
	u->window_at = 0;
	u->window_len = 0;
}

/* Add the user stack of a task that is current or just leaves the CPU. Before it, u->n is the number of kernel frames, as is u->head.n_kernel, and
 * u->hash what the hash of the addresses begins with. */
static __always_inline void unwind(struct unwind *u, struct task_struct *task)
{
	unwind_registers(u, task);
	if (u->reason)
		unwind_push(u);
	else
		unwind_walk(u, task->tgid);
}

#endif
