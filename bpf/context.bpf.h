/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a runtime's contexts tell of the work of a thread: what the other programs ask, and tell, about the current one. */
#ifndef REQPROF_CONTEXT_BPF_H
#define REQPROF_CONTEXT_BPF_H

#include "reqprof.bpf.h"

/* ---- context_python.bpf.c ---------------------------------------------------------------------------------------- */

/* These are about the current thread; global functions, as those that sources call. */

/* It is on the CPU: if it was not seen to come there, it is as if it was. Every look at a thread begins with this. */
int context_came(void);

/* Look at what it does, and bind or unbind it accordingly. 1: it does in the middle of such a look, so whom it works for is not settled. */
int context_look(__u64 now);

/* Look at the tasks of requests that it has run and does not now: what they await. Before the one above, which remembers that it has looked. */
int context_look_at_others(__u64 now);

/* The same when it leaves the CPU, or comes to it. 1: it does in the middle of such a look, which must not be disturbed. */
int context_switch_out(__u64 now);
#define SWITCH_BUSY 1
#define SWITCH_SAMPLE 2         /* the thread may work for a request: its CPU must be sampled */
__hidden int context_switch_in(struct task_struct *next, __u64 now);

/* A thread is woken up. */
__hidden void context_waking(struct task_struct *task, __u64 now);

/* It has read the request in `slot`: the next context copied in it is that of its task. 1: it is a thread that may have tasks. */
int context_seed(__u32 slot);

/* It has read another request: what it did until now it did for somebody else, perhaps. 1: the context tells, 0: it must be released. */
int context_read(__u64 now);

/* It creates a thread or a process, which works for the same. */
int context_creates(__u64 now);

/* It writes the response of the request in `slot`. Returns what of the task that does so is left to be told to the second one: two, so that neither
 * has too deep a stack. */
#define SENDER_OTHER 1          /* it is not known to be the request's */
#define SENDER_ANEW 2           /* it may be one's, and what it has done until now was for another one */
int context_sent(__u32 slot, __u64 now);
int context_sent_by(__u32 slot, __u64 now, __u32 sender);

/* ---- context_claim.bpf.c: global as well --------------------------------------------------------------------------- */

/* The request in `slot` begins. What the tasks of its thread do is recorded for it if that may be needed: if what the tasks of requests begin with is
 * not known here, or if its thread owes other responses, too (`shared`). */
int claim_collects(__u32 slot, int shared);

/* ---- context_busy.bpf.c: global as well -------------------------------------------------------------------------- */

/* The current thread may be the loop of requests that it does not work for: tell them what it does instead. `leaves`: it gives up its CPU. */
int context_busy(__u64 now, int leaves);

/* ---- gil.bpf.c: of the current thread, global for the same reason ------------------------------------------------- */

/* Does the wait that the worker with this index begins wait for the GIL? Then it is described, and the answer is 1. */
int gil_wait(__u32 worker);

/* Is the thread about to wait for it? Then *ret says who has it, and the answer is 1. */
int gil_awaited(struct rp_gil_holder *ret);

/* Does the thread hold it? */
int gil_held(void);

#endif
