/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Part of the contract (reqprof.h): the tables by which user stacks are unwound.
 *
 * All of it lies in chunks of 1 MB, made when they are needed (array of maps `chunks`) and addressed in cells of 8 bytes. A cell index is
 * chunk << RP_CHUNK_SHIFT | cell in it.
 *
 *   spaces[pid]     → where the process's table of code is: n entries, sorted by address
 *   struct rp_text  → one range of its code, and the piece of an executable's rows that unwinds it
 *   a piece         → rows in the order of their addresses, each good up to the next; and an index: for every 256 bytes of code, and once more,
 *                     the cell of the first row that begins there or later (two of these in a cell). A row stands before the first one, too.
 *   struct rp_row   → how to get from a frame to its caller
 */
#ifndef REQPROF_CONTRACT_UNWIND_H
#define REQPROF_CONTRACT_UNWIND_H

#define RP_CHUNK_SHIFT 17
#define RP_CHUNK_CELLS (1U << RP_CHUNK_SHIFT)
#define RP_CHUNKS_MAX 256
#define RP_SPACES_MAX 1024      /* processes that have a table */
#define RP_TEXTS_MAX 8192       /* entries of one */
#define RP_BLOCK_SHIFT 8        /* bytes of code that an entry of the index stands for */

struct rp_chunk {
	__u64 cells[RP_CHUNK_CELLS];
};

struct rp_space {
	__u32 texts;            /* cell of its first struct rp_text */
	__u32 n;
	__u32 pid;              /* again: an element may be reused while it is read */
	__u32 pad;
};
_Static_assert(sizeof(struct rp_space) == 16, "rp_space");

/* Pieces have rows != 0; else `index` says what the code is: */
#define RP_TEXT_FRAME_POINTERS 0 /* code without unwinding information: JIT, files without CFI */
#define RP_TEXT_NOT_LOADED 1
#define RP_TEXT_NO_RULE 2       /* a part of a file with CFI that it does not cover */

struct rp_text {
	__u64 start, end;
	__u64 base;             /* address that the rows' pc and the index count from */
	__u32 rows;             /* cell of the first row */
	__u32 index;            /* half-cell (cell × 2) of the index, in the same chunk */
};
_Static_assert(sizeof(struct rp_text) == 32, "rp_text");
#define RP_TEXT_CELLS (sizeof(struct rp_text) / 8)

/* Offsets are in words of 8 bytes. CFA: the stack pointer in the caller, after its call's return address is popped; that lies at CFA − 8. */
#define RP_ROW_NONE 0           /* nothing is known: between functions, or what no other kind can say */
#define RP_ROW_RSP 1            /* CFA = rsp + cfa */
#define RP_ROW_RBP 2            /* CFA = rbp + cfa */
#define RP_ROW_PLT 3            /* CFA = rsp + 1, and one more if the low 4 bits of the pc are at least cfa (linkers' .plt) */
#define RP_ROW_END 4            /* nobody has called this: the stack's bottom */
#define RP_ROW_SIGNAL 5         /* all registers are in a struct ucontext at rsp + cfa */
#define RP_ROW_DEREF_RSP 6      /* CFA = *(rsp + low byte of cfa, signed) + high byte of cfa */
#define RP_ROW_DEREF_RBP 7      /* CFA = *(rbp + low byte of cfa, signed) + high byte of cfa */
#define RP_ROW_REGISTER 8       /* CFA = register + cfa */
#define RP_ROW_DEREF_INDEXED 9  /* CFA = *(rsp + register × 8 bytes + low byte of cfa, signed) + high byte of cfa */
#define RP_ROW_VFORK 10         /* CFA = rsp + cfa, and the return address is in rdi */
#define RP_ROW_LOST 11          /* needs registers, or an expression, that none of these can say */
#define RP_ROW_RSP_RBX 12       /* CFA = rsp + cfa, and the caller's rbx is at CFA − register × 8 bytes */
#define RP_ROW_LAST RP_ROW_RSP_RBX

/* REGISTER, DEREF_INDEXED and VFORK need registers that only the innermost frame has: they stand in functions that call none, or in prologues. One
 * calls others and has its CFA in rbx, of which the place is known where these save it: the dynamic linker's, for functions that are called for the
 * first time (sysdeps/x86_64/dl-trampoline.h). */
struct rp_row {
	__u32 pc;
	__u16 cfa;
	__u16 rule;             /* RP_ROW_* in the low 4 bits, an argument above them: where the caller's rbp is, as a signed number of words from
				 * the CFA, 0 = in rbp, RP_RBP_AT_RBP = where rbp points. Of those with a register the upper 4 bits are
				 * its DWARF number (RSP_RBX: see there) and the 8 below the place of rbp, the last one RP_RBP_AT_RBP8 */
};
_Static_assert(sizeof(struct rp_row) == 8, "rp_row");
#define RP_RBP_AT_RBP 2047
#define RP_RBP_AT_RBP8 127

#endif
