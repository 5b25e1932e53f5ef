// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The walk: from the registers of a task to the bottom of its user stack. */
#include "unwind_cfi.bpf.h"
#include "unwind_fp.bpf.h"

#define TEXT_STEPS 14           /* RP_TEXTS_MAX entries */
#define RETURNS_MAX 64          /* uretprobes in progress in one thread: MAX_URETPROBE_DEPTH, include/linux/uprobes.h */
#define USER_END (1ULL << 47)   /* arch/x86/include/asm/page_64_types.h: TASK_SIZE with four levels of page tables */

/* ---- what code is at an address ---------------------------------------------------------------------------------- */

/* Global, as the other functions here that are, so that the verifier looks at it once: here it searches. */
int unwind_find_text(struct unwind *u)
{
	__u32 base, at = 0, n, half;
	struct rp_chunk *c;
	__u64 start;

	if (!u)
		return -1;
	base = u->space.texts;
	n = u->space.n;
	c = chunk_of(base);
	u->known = 0;
	if (!c || !n)
		return -1;
	for (int i = 0; i < TEXT_STEPS && n > 1; i++) {
		half = n / 2;
		start = c->cells[(base + (at + half) * RP_TEXT_CELLS) & (RP_CHUNK_CELLS - 1)];
		at += half & not_above(start, u->pc);
		n -= half;
	}
	base = (base + at * RP_TEXT_CELLS) & (RP_CHUNK_CELLS - RP_TEXT_CELLS);
	u->text.start = c->cells[base];
	u->text.end = c->cells[base + 1];
	u->text.base = c->cells[base + 2];
	u->text.rows = c->cells[base + 3];
	u->text.index = c->cells[base + 3] >> 32;
	u->known = u->pc - u->text.start < u->text.end - u->text.start;
	return u->known ? 0 : -1;
}

/* Frames often follow others of the same library. */
static __always_inline int locate(struct unwind *u)
{
	if (u->known && u->pc - u->text.start < u->text.end - u->text.start)
		return 0;
	return unwind_find_text(u);
}

/* ---- uprobes (reqprof.bpf.h) ---------------------------------------------------------------------------------------------- */

struct replaced {
	struct return_instance *at;
	__u64 low, size;
	__u64 slot, address;
};

static long replaced_step(__u32 i, struct replaced *r)
{
	struct return_instance *at = r->at;

	if (!at)
		return 1;
	r->slot = BPF_CORE_READ(at, stack);
	if (r->slot - r->low <= r->size) {
		r->address = BPF_CORE_READ(at, orig_ret_vaddr);
		return 1;
	}
	r->at = BPF_CORE_READ(at, next);
	return 0;
}

/* The return address that stood somewhere in [low, high]; where, goes to u->return_slot. 0 = none did. */
__u64 unwind_replaced_return(struct unwind *u, __u64 low, __u64 high)
{
	struct replaced r = {.low = low, .size = high - low};
	struct task_struct *task;

	if (!u)
		return 0;
	task = (struct task_struct *)u->task;
	r.at = BPF_CORE_READ(task, utask, return_instances);
	bpf_loop(RETURNS_MAX, replaced_step, &r, 0);
	if (r.address)
		u->return_slot = r.slot;
	return r.address;
}

/* A return address may be the trampoline's. Non-zero: it is not. */
static __always_inline int restore_return(struct unwind *u)
{
	__u64 address;

	if (!u->return_slot || uprobe_area((struct task_struct *)u->task) != u->ip)
		return -1;
	address = unwind_replaced_return(u, u->return_slot, u->return_slot);
	if (!address)
		return -1;
	u->ip = address;
	u->pc = address - 1;
	return 0;
}

/* The task may stand in that area: at an instruction that is run there instead of its place; or in the trampoline, which has been returned to and has
 * pushed up to three registers. When the kernel has served it, the address to return to stands in place of the first one. Non-zero: it does not. */
static __always_inline int leave_uprobe_area(struct unwind *u)
{
	struct task_struct *task = (struct task_struct *)u->task;
	__u64 address;

	if (!in_uprobe_area(task, u->ip))
		return -1;
	if (BPF_CORE_READ(task, utask, active_uprobe)) {
		u->ip = u->pc = BPF_CORE_READ(task, utask, vaddr);
		return unwind_find_text(u);
	}
	address = unwind_replaced_return(u, u->sp - 8, u->sp + 16);
	if (!address) {
		u->return_slot = u->sp + 16;
		if (stack_word(u, u->return_slot, u->return_slot, &address))
			return -1;
	}
	u->sp = u->return_slot + 8;
	u->ip = address;
	u->pc = address - 1;
	return unwind_find_text(u);
}

/* ---- walking ----------------------------------------------------------------------------------------------------- */

/* A frame has been left for its caller. What a call put on the stack is a frame even where its code is not known; what frame pointers lead to is
 * not. */
static __always_inline int arrive(struct unwind *u, int by_frame_pointer)
{
	u->innermost = 0;
	if (!u->ip)
		return unwind_stop(u, RP_STACK_complete);
	if (u->ip >= USER_END) /* not an address: the stack was switched, or its information is wrong */
		return unwind_stop(u, RP_STACK_broken);
	u->pc = u->ip - !u->signal;
	for (int i = 0; i < 2; i++) {
		if (!locate(u))
			return unwind_push(u);
		if (i || restore_return(u))
			break;
	}
	if (!by_frame_pointer && !u->guessed && unwind_push(u))
		return 1;
	return unwind_stop(u, u->guessed ? RP_STACK_no_rule : RP_STACK_unknown_text);
}

struct walk {
	struct unwind *u;
};

static long step(__u32 i, struct walk *w)
{
	struct unwind *u = w->u;
	int frame_pointers = !u->text.rows;

	if (frame_pointers && u->text.index == RP_TEXT_NOT_LOADED)
		return unwind_stop(u, RP_STACK_not_loaded);
	u->guessed = frame_pointers && u->text.index == RP_TEXT_NO_RULE;
	if (frame_pointers ? unwind_fp(u) : unwind_cfi(u))
		return 1;
	return arrive(u, frame_pointers);
}

static __always_inline int find_space(struct unwind *u, __u32 pid)
{
	struct rp_space *space = bpf_map_lookup_elem(&spaces, &pid);

	u->space.n = 0;
	if (!space)
		return -1;
	u->space = *space;
	return u->space.pid != pid;
}

int unwind_walk(struct unwind *u, __u32 pid)
{
	struct walk w = {.u = u};

	if (!u)
		return 0;
	if (find_space(u, pid))
		u->reason = RP_STACK_not_loaded;
	else if (unwind_find_text(u) && leave_uprobe_area(u))
		u->reason = RP_STACK_unknown_text;
	if (!unwind_push(u) && !u->reason)
		bpf_loop(RP_MAX_USER_FRAMES + 1, step, &w, 0);
	return 0;
}
