/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One frame by the rows that user space has made of .eh_frame (user/unwind/cfi.c). Registers: System V x86-64 ABI §3.6.2, figure 3.36. */
#ifndef REQPROF_UNWIND_CFI_BPF_H
#define REQPROF_UNWIND_CFI_BPF_H

#include "unwind.bpf.h"
#include "unwind_fp.bpf.h"

#define SEARCH_STEPS 9          /* a row may begin at each of a block's 256 bytes, and one before it */
#define REGISTERS 16
#define DWARF_RBX 3

/* Words from the beginning of a struct ucontext: include/uapi/asm/ucontext.h, arch/x86/include/uapi/asm/sigcontext.h */
#define UCONTEXT_RBP 15
#define UCONTEXT_RBX 16
#define UCONTEXT_RSP 20
#define UCONTEXT_RIP 21

/* Where DWARF's register is in a struct pt_regs, in words: arch/x86/include/asm/ptrace.h */
static const volatile __u8 pt_regs_word[REGISTERS] = {10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0};

static __always_inline __u32 index_at(const struct rp_chunk *c, __u32 i)
{
	return ((const __u32 *)c->cells)[i & (2 * RP_CHUNK_CELLS - 1)];
}

/* The last row that begins at or before pc. */
static __always_inline __u64 find_row(const struct unwind *u, const struct rp_chunk *c)
{
	__u64 offset = u->pc - u->text.base;
	__u32 block = u->text.index + (offset >> RP_BLOCK_SHIFT);
	__u32 at = index_at(c, block) - 1, n = index_at(c, block + 1) - at, half;

	for (int i = 0; i < SEARCH_STEPS && n > 1; i++) {
		half = n / 2;
		at += half & not_above((__u32)c->cells[(at + half) & (RP_CHUNK_CELLS - 1)], offset);
		n -= half;
	}
	return c->cells[at & (RP_CHUNK_CELLS - 1)];
}

static __always_inline __u64 register_of(struct unwind *u, __u32 number)
{
	const __u64 *regs = (const __u64 *)u->regs;
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof value, regs + pt_regs_word[number & (REGISTERS - 1)]);
	return value;
}

/* The frame that a signal interrupted: its registers as the kernel saved them. */
static __always_inline int leave_signal(struct unwind *u, __u64 ucontext)
{
	__u64 low = ucontext + UCONTEXT_RBP * 8;

	if (stack_word(u, low, low, &u->fp) || stack_word(u, ucontext + UCONTEXT_RSP * 8, low, &u->sp) ||
	    stack_word(u, ucontext + UCONTEXT_RIP * 8, low, &u->ip))
		return unwind_stop(u, RP_STACK_fault);
	u->return_slot = 0;
	u->rbx_slot = ucontext + UCONTEXT_RBX * 8;
	u->signal = 1;
	return 0;
}

/* The caller's registers, its CFA and the place of its rbp being known. */
static __always_inline int leave(struct unwind *u, __u64 cfa, __s32 rbp)
{
	__u64 slot = cfa - 8, fp_slot = rbp == RP_RBP_AT_RBP ? u->fp : cfa + rbp * 8LL, low = slot;

	if (cfa <= u->sp)
		return unwind_stop(u, RP_STACK_broken);
	if (rbp && fp_slot < low)
		low = fp_slot;
	if ((rbp && stack_word(u, fp_slot, low, &u->fp)) || stack_word(u, slot, low, &u->ip))
		return unwind_stop(u, RP_STACK_fault);
	u->sp = cfa;
	u->return_slot = slot;
	u->signal = 0;
	return 0;
}

/* The return address is in a register: vfork() takes it off the stack, which the child is about to use. */
static __always_inline int leave_vfork(struct unwind *u, __u64 cfa)
{
	if (!u->innermost)
		return unwind_stop(u, RP_STACK_register);
	u->ip = register_of(u, 5);
	u->sp = cfa;
	u->return_slot = u->rbx_slot = 0;
	u->signal = 0;
	return 0;
}

/* The pc is a return address only where a call is in progress; a PLT entry is never called from. */
static __always_inline __u64 plt_cfa(const struct unwind *u, __u64 threshold)
{
	return u->sp + ((u->ip & 15) >= threshold ? 16 : 8);
}

/* What the caller's registers are found by. */
struct caller {
	__u64 cfa;              /* or where it is read from: */
	__u64 add;              /* to what is read there */
	__u32 deref;
	__s32 rbp;
	__u64 rbx;              /* rbx_slot of the caller */
};

/* The place of rbp beside a register's number. */
static __always_inline __s32 rbp_beside(__s32 arg)
{
	return (__s8)arg == RP_RBP_AT_RBP8 ? RP_RBP_AT_RBP : (__s8)arg;
}

/* Rows with a register: the innermost frame has it, others an rbx that was saved. Non-zero: neither. */
static __always_inline int by_register(struct unwind *u, __u32 kind, __s32 arg, __u64 cfa, struct caller *ret)
{
	__u32 number = arg >> 8 & (REGISTERS - 1);
	__u64 value;

	ret->rbp = rbp_beside(arg);
	if (!u->innermost) {
		ret->cfa = u->rbx_slot;
		ret->add = cfa * 8;
		ret->deref = 1;
		return kind != RP_ROW_REGISTER || number != DWARF_RBX || !u->rbx_slot;
	}
	value = register_of(u, number);
	ret->deref = kind != RP_ROW_REGISTER;
	ret->cfa = ret->deref ? u->sp + (value + (__s8)cfa) * 8 : value + cfa * 8;
	ret->add = (cfa >> 8) * 8;
	return 0;
}

static __always_inline int leave_by(struct unwind *u, const struct caller *c)
{
	__u64 cfa = c->cfa;

	if (c->deref) {
		if (stack_word(u, c->cfa, c->cfa, &cfa))
			return unwind_stop(u, RP_STACK_fault);
		cfa += c->add;
	}
	u->rbx_slot = c->rbx;
	return leave(u, cfa, c->rbp);
}

/* From the frame, whose code u->text describes, to its caller: 0, or unwind_stop(). All ways meet at one leave(): it is large, and the verifier looks
 * at each copy of it. */
static __always_inline int unwind_cfi(struct unwind *u)
{
	const struct rp_chunk *c = chunk_of(u->text.rows);
	struct caller to = {};
	__u64 row, cfa;
	__u32 kind;

	if (!c)
		return unwind_stop(u, RP_STACK_not_loaded);
	row = find_row(u, c);
	cfa = row >> 32 & 0xffff;
	kind = row >> 48 & 15;
	to.rbp = (__s64)row >> 52;
	switch (kind) {
	case RP_ROW_RSP:
		to.cfa = u->sp + cfa * 8;
		break;
	case RP_ROW_RSP_RBX:
		to.cfa = u->sp + cfa * 8;
		to.rbx = to.cfa - (to.rbp >> 8 & (REGISTERS - 1)) * 8;
		to.rbp = rbp_beside(to.rbp);
		break;
	case RP_ROW_RBP:
		to.cfa = u->fp + cfa * 8;
		break;
	case RP_ROW_PLT:
		to.cfa = plt_cfa(u, cfa);
		to.rbp = 0;
		break;
	case RP_ROW_END:
		return unwind_stop(u, RP_STACK_complete);
	case RP_ROW_SIGNAL:
		return leave_signal(u, u->sp + cfa * 8);
	case RP_ROW_DEREF_RSP:
	case RP_ROW_DEREF_RBP:
		to.cfa = (kind == RP_ROW_DEREF_RSP ? u->sp : u->fp) + (__s8)cfa * 8LL;
		to.add = (cfa >> 8) * 8;
		to.deref = 1;
		break;
	case RP_ROW_REGISTER:
	case RP_ROW_DEREF_INDEXED:
		if (by_register(u, kind, to.rbp, cfa, &to))
			return unwind_stop(u, RP_STACK_register);
		break;
	case RP_ROW_VFORK:
		return leave_vfork(u, u->sp + cfa * 8);
	case RP_ROW_LOST:
		return unwind_stop(u, RP_STACK_register);
	default:
		/* Assembler without CFI mostly keeps frame pointers: believed if they lead into known code. */
		u->guessed = 1;
		return u->fp ? unwind_fp(u) : unwind_stop(u, RP_STACK_no_rule);
	}
	return leave_by(u, &to);
}

#endif
