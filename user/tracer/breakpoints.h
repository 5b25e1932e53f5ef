/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Breakpoints of probes, in the code of a process only while they are needed.
 *
 * A uprobe costs its process a trap a hit, also while nobody wants to know; to attach one takes 7 to 30 ms, for which no request waits. So the uprobe
 * stays attached, but the breakpoint instruction that the kernel has written for it is taken out, and put in again when it is needed: one byte, in
 * the copy of the page that the kernel has made for it, some microseconds. The kernel finds the uprobe by the address of the trap and does not miss
 * the byte; it takes the breakpoint out, if it is in, when the uprobe is detached, by whatever end of this process.
 *
 * Programs that do this to the same process agree by a lock on its memory file, shared by those who need the breakpoint. One that is there though
 * nobody has it locked is the kernel's, for a uprobe of another kind of program: it stays. Only what such a program attaches while ours is in cannot
 * be told from ours: it misses what happens while ours is out.
 */
#ifndef REQPROF_BREAKPOINTS_H
#define REQPROF_BREAKPOINTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct breakpoints;

/* states: RP_PROBE_* of RP_PROBES_MAX breakpoints; live: the number of requests that need them. Both are shared with the BPF programs. */
struct breakpoints *breakpoints_new(uint32_t *states, const uint32_t *live);
void breakpoints_free(struct breakpoints *bs); /* NULL is fine */

struct breakpoint_place {
	pid_t pid;
	int memory;             /* descriptor of its memory, −1 = none */
	bool writable;
	uint64_t address;
	uint8_t instruction;    /* its first byte */
};

/* A uprobe is to be attached there: look at the instruction. Then breakpoint_add() or, if that failed, breakpoint_leave(). */
void breakpoint_look(struct breakpoint_place *place, pid_t pid, uint64_t address);
void breakpoint_leave(struct breakpoint_place *place);

/* The uprobe is attached: takes its breakpoint, and what `place` owns, into care. Returns its number, 0 = there is no room. *ret_why: why it stays
 * in (static), NULL = it does not. */
uint32_t breakpoint_add(struct breakpoints *bs, struct breakpoint_place *place, const char **ret_why);

/* The uprobe of a process (0: of each) is about to be detached, or it has called exec: nobody puts its breakpoint in any more. */
void breakpoints_remove(struct breakpoints *bs, pid_t pid);

/* From now on they may be out: somebody is there who puts them in fast enough. */
void breakpoints_enable(struct breakpoints *bs);

/* For the arming threads: a request that is live needs one; none does any more (looks whether that is so). */
void breakpoint_put_in(struct breakpoints *bs, uint32_t number);
void breakpoints_take_out(struct breakpoints *bs);

#endif
