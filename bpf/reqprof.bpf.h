/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF objects share among themselves; user space never sees it.
 * Maps that one object uses are defined there; those that several use in maps.bpf.c, and the linker checks that all agree.
 */
#ifndef REQPROF_BPF_H
#define REQPROF_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "reqprof.h"

#ifndef __hidden
#define __hidden __attribute__((visibility("hidden")))
#endif

extern const volatile struct rp_config cfg;                      /* maps.bpf.c */
extern const volatile struct rp_marker markers[RP_MAX_MARKERS];  /* maps.bpf.c */

/* ---- maps.bpf.c: rings and counters ------------------------------------------------------------------------------ */

/* Data, not a map to look up in: each look-up is written out by the kernel when a program is loaded, and there are more than a hundred of these. */
extern __u64 counters[RP_COUNTER_ROWS * RP_COUNTER_ROW];

struct events_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
};
extern struct events_map events SEC(".maps");

static __always_inline void count_add(__u32 counter, __s64 n)
{
	__sync_fetch_and_add(&counters[counter], n);
}

#define COUNT(name) count_add(RP_COUNT_##name, 1)

/* The same for what every request counts. */
static __always_inline void count_often(__u32 counter, __s64 n)
{
	count_add((bpf_get_smp_processor_id() & (RP_COUNTER_ROWS - 1)) * RP_COUNTER_ROW + counter, n);
}

#define COUNT_OFTEN(name) count_often(RP_COUNT_##name, 1)

/* Of one that is not counted often. */
static __always_inline __u64 counter_value(__u32 counter)
{
	return *(volatile __u64 *)&counters[counter];
}

/* ---- reader.bpf.c, request.bpf.c: what a source calls -----------------------------------------------------------------------
 *
 * A source (source_*.bpf.c) reports what it sees with the calls below; it knows nothing of sampling.
 * `reader` names the thread that reads requests, as an index of the readers table; 0 = none.
 * Those that take numbers only are global functions: the verifier looks at them once, not at every call. They return a number because it wants one.
 */

/* What a source knows when it has recognised a marked request. */
struct request_start {
	__u64 begin_ns;
	__u64 tentative_cpu_ns;
	__u64 socket_queue_ns;
	__u64 pipeline_queue_ns;
	__u64 sk;               /* struct sock *, for the event-wait check and the sweep; 0 = none */
	__u64 sender;           /* context_now() of who sent the end of the response before it on its connection; 0 = not known */
	__u32 marker;
	__u32 flags;            /* RP_BEGIN_JOINED, RP_BEGIN_TENTATIVE */
	__u32 reader;           /* of request_read() */
	__u32 line_len;
	__u32 ahead;            /* unfinished requests before it on its connection: > 0 = pipelined, begins later (request_turn) */
	__u32 work;             /* WORK_* */
	struct rp_addr local, remote;
};

/* What tells whose work the current thread does after the begin. */
#define WORK_READ 0             /* it has read the request: the ladder */
#define WORK_CALL 1             /* it is in a call that ends with the request */
#define WORK_TURN 2             /* it is in a turn of the request (context_turn.bpf.c) */

/* A slot of the live table with its serial, as one number: stale ones are recognised. 0 = none. */
typedef __u64 live_ref;

/* Is the current task's process followed? (task storage of the group leader) */
__hidden int followed(struct task_struct *task);

/* … and are its requests looked for on its sockets? Those of none are: 0. */
__hidden int followed_on_sockets(struct task_struct *task);
extern __u32 processes_on_sockets;

/* A bit for each followed process, by its number modulo theirs: what the threads of others are asked at each read needs no look at their storage.
 * Bits of processes that are gone stay set. */
#define FOLLOWED_WORDS 64
extern __u64 followed_bits[FOLLOWED_WORDS];

static __always_inline int may_be_followed(const struct task_struct *task)
{
	__u32 pid = task->tgid;

	return followed_bits[pid / 64 % FOLLOWED_WORDS] >> pid % 64 & 1;
}

/* The current thread has read a request line (marked or not): makes its state, counts it as unfinished, releases the thread from a marked request
 * that it worked for. last: the reader of the connection's last request, which most often is the same thread; 0 = not known. turns: 1 = it is one
 * that is only counted, by its thread, else 0. Returns its reader index, 0 if there was no room (counted), and RP_READ_HURRIED: it reads so many
 * that the ends of unmarked responses are better inferred than looked for; RP_READ_PACE: whether it does is to be told anew. */
__u32 request_read(__u32 last, __u32 turns);
#define RP_READ_HURRIED (1U << 31)
#define RP_READ_PACE (1U << 30)
#define RP_READ_READER (RP_READ_PACE - 1)

/* … by when it arrived; 0 = not known. */
int request_pace(__u32 reader, __u64 arrived_ns);

/* One response to a request read by `reader` is complete (or its connection is gone). May run in any thread or in softirq. */
int request_answered(__u32 reader);

/* On-CPU clock (ns) of the current thread: differences of two values on one thread are its run time between them. */
__hidden __u64 thread_cpu_clock(void);

/* A marked request was recognised by the current thread. `line` is its request line (start->line_len bytes, RP_LINE_MAX + 64 readable).
 * Refuses (counted) by --max-live, --max-rate. Returns its reference or 0. With start->ahead > 0 the slot is taken, and the
 * request begins at request_turn(). */
__hidden live_ref request_begin(void *ctx, struct request_start *start, const char *line);

/* The same for programs that may not use timers (uprobes): the first samples come when the perf events run. */
__hidden live_ref request_begin_untimed(void *ctx, struct request_start *start, const char *line);

/* The last response before a pipelined marked request is complete: it begins now, in the current thread. */
__hidden void request_turn(void *ctx, live_ref ref, __u64 now);

/* Reads of the request: bytes as they come; head and body complete at `now` (0 = not yet). */
int request_received(live_ref ref, __u64 bytes, __u64 head_ns, __u64 body_ns);
__hidden void request_trace_id(live_ref ref, const __u8 *id);

/* Its status is known, with or without a write that was seen. */
int request_status(live_ref ref, __u32 status);

/* A write of `bytes` of its response. status 0 = still unknown or only 1xx so far. */
__hidden void request_sent(void *ctx, live_ref ref, __u64 now, __u64 bytes, __u32 status);

/* It is over: the last byte was given to the kernel at end_ns (0 = the last request_sent(), else now); how = RP_END_*. */
int request_end(live_ref ref, __u64 end_ns, __u32 how);

extern __u32 handlers_instead; /* some followed processes are not followed on their sockets; set by user space */
extern __u32 handlers_of_rest; /* some handlers are for connections only that do not speak plain HTTP/1; set by user space */

/* The current thread has read from such a connection (its struct sock *), or from one that does. */
#define HANDLER_PLAIN 1
int handler_read(__u64 sk);

/* ---- handler_check.bpf.c ------------------------------------------------------------------------------------------ */

extern __s32 handlers_to_check; /* so many reads are to be shown to it */

/* The current thread, which is followed, has read n bytes from a stream socket. */
int handler_saw(__u32 n);

/* ---- context_python.bpf.c -------------------------------------------------------------------------------------------- */

extern __u32 python_processes; /* some followed process runs CPython; set by user space */

extern __u32 groups;           /* context_claim.bpf.c: threads whose tasks are recorded for several requests */

/* The current thread writes a response that is not that one's: whatever task does that has worked for it. */
int claim_is_void(__u64 now);

/* The context that the current thread works in, 0 = none. */
__u64 context_now(void);

/* ---- peer.bpf.c: sockets that carry no requests ---------------------------------------------------------------------- */

extern __u32 contextual_requests; /* live requests that have tasks: 0 = none of these need be called */
extern __u64 contextual_since;    /* when it was 0 last */

/* A pointer as a number: global functions take no others. */
static __always_inline __u64 number_of(const void *pointer)
{
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof number, &pointer);
	return number;
}

/* The current thread has written to such a socket, or read from it; bytes have come into one. */
int peer_sent(__u64 sk);
int peer_received(__u64 sk);
int peer_ready(__u64 sk);

/* ---- source_handler.bpf.c, context_turn.bpf.c ------------------------------------------------------------------------- */

extern __u32 handlers_used; /* some process has handlers; set by user space */

/* The current thread leaves the CPU: is the call that it was in still on its stack? It is not after a longjmp() or an exception. */
int handler_check(__u64 now);

/* Is the current thread bound to a request that it no longer works for? */
int turn_is_left(void);

/* The current thread ends. */
int handler_thread_ends(__u64 now);

/* ---- uprobes: kernel/events/uprobes.c -------------------------------------------------------------------------------------
 *
 * Of a function with a uretprobe, the return address is replaced by that of a trampoline, which stands at the beginning of an area that the process
 * has for probed instructions. What it was, and where it stood, is in a list, the innermost first.
 */

/* Address of that area, 0 = there is none. */
static __always_inline __u64 uprobe_area(struct task_struct *task)
{
	struct xol_area *area = BPF_CORE_READ(task, mm, uprobes_state.xol_area);

	return area ? BPF_CORE_READ(area, vaddr) : 0;
}

#define UPROBE_AREA_SIZE 4096   /* a page */

/* Is an address in it? */
static __always_inline int in_uprobe_area(struct task_struct *task, __u64 address)
{
	__u64 area = uprobe_area(task);

	return area && address - area < UPROBE_AREA_SIZE;
}

/* ---- address.bpf.c ----------------------------------------------------------------------------------------------- */

/* One end of a socket (struct sock *): its own address, or its peer's. */
int socket_address(__u64 socket, int peer, struct rp_addr *ret);

#endif
