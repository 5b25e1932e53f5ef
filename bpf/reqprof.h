/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The contract between the BPF programs and user space, and the only header that both include.
 *
 * Order: limits, configuration, values shared through maps, counters, events. Types are fixed-width, without pointers, bools,
 * enum-typed members or holes; the size of everything that crosses the border is asserted. Times are CLOCK_MONOTONIC ns
 * (bpf_ktime_get_ns), lengths bytes, unless a name says otherwise. Addresses of user memory are those of the process `pid`.
 * Include it after vmlinux.h (BPF) or <linux/types.h> (user space).
 */
#ifndef REQPROF_H
#define REQPROF_H

#include "reqprof_handler.h"
#include "reqprof_python.h"
#include "reqprof_unwind.h"

/* ---- limits ------------------------------------------------------------------------------------------------------ */

#define RP_COMM_LEN 16          /* TASK_COMM_LEN */
#define RP_LINE_MAX 8192        /* bytes of a request line that are looked into and kept */
#define RP_MAX_MARKERS 16       /* -m options after @FILE is expanded */
#define RP_MARKER_MAX 256       /* bytes of a marker's text */
#define RP_METHOD_MAX 24        /* bytes of a method (design: 1 to 24 token characters) */
#define RP_MAX_LIVE 64          /* highest --max-live */
#define RP_MAX_WORKERS 64       /* threads that may work for one request at the same time or one after the other */
#define RP_MAX_USER_FRAMES 256
#define RP_MAX_KERNEL_FRAMES 127 /* PERF_MAX_STACK_DEPTH */
#define RP_OBJECT_MAX 192       /* bytes that describe what a wait waited for */
#define RP_GROUPS 16            /* threads whose tasks may be recorded for several requests */
#define RP_MAX_EVENTS 2000000   /* of one request, or group: ticks, waits, what its tasks do; beyond, only sums go on and lost.* counts */
#define RP_NEAR_VALUE_MAX 32    /* bytes kept of a marker's name with another value */
#define RP_UNKNOWN_NS (~0ULL)   /* a time that could not be had */

/* ---- configuration: written once, before load -------------------------------------------------------------------- */

#define RP_MARKER_QUERY 0       /* text = NAME=VALUE, name_len = bytes of NAME */
#define RP_MARKER_PATH 1        /* text = GLOB, method = METHOD or empty */

struct rp_marker {
	__u8 kind;
	__u8 method_len;
	__u16 len;
	__u16 name_len;
	__u16 pad;
	char method[RP_METHOD_MAX];
	char text[RP_MARKER_MAX];
};
_Static_assert(sizeof(struct rp_marker) == 288, "rp_marker");

struct rp_config {
	__u64 interval_ns;      /* sampling period */
	__u64 rate_period_ns;   /* --max-rate N per this; 0 = no limit */
	__u64 max_time_ns;      /* --max-time; 0 = no limit */
	__u32 rate_count;
	__u32 max_live;         /* 1 .. RP_MAX_LIVE */
	__u32 n_markers;
	__u32 n_path_markers;   /* of them RP_MARKER_PATH */
};
_Static_assert(sizeof(struct rp_config) == 40, "rp_config");

/* ---- counters: u64 in the mmapable map of the section .data.counters, only ever growing (but for the two gauges) ------------- */

/* X(name, what it says to a user). Gauges: live, in_flight. */
#define RP_COUNTERS(X) \
	X(requests, "request lines read") \
	X(in_flight, "requests read whose response is not complete (gauge)") \
	X(live, "marked requests being recorded (gauge)") \
	X(marked, "marked requests recognised") \
	X(refused_live, "marked requests refused: --max-live others were being recorded") \
	X(refused_rate, "marked requests refused: --max-rate") \
	X(received, "reads from stream sockets of the target") \
	X(tls, "connections that speak TLS") \
	X(http2, "connections that speak HTTP/2") \
	X(not_http, "connections that do not begin with an HTTP/1 request line") \
	X(unreadable, "reads whose bytes could not be seen (io_uring, splice, MSG_TRUNC, unmapped)") \
	X(line_too_long, "request lines longer than 8 KB") \
	X(framing_lost, "connections given up: message lengths invalid or contradictory") \
	X(out_of_sync, "gaps in a connection's bytes") \
	X(tentative_full, "split request lines not followed: no free slot") \
	X(pipelined_refused, "marked requests refused: too many pipelined on one connection") \
	X(events_dropped, "events dropped: ring buffer full") \
	X(stacks_dropped, "stacks dropped: ring buffer full") \
	X(storage_failed, "per-thread or per-socket state could not be had") \
	X(scratch_full, "events not built: no free buffer") \
	X(workers_full, "threads of a request not followed: more than 64") \
	X(readers_full, "threads not followed: table of reading threads full") \
	X(events_capped, "events beyond one request's limit") \
	X(near_marker, "requests with the marker's name and another value") \
	X(handler_faults, "calls of a handler whose URL could not be read") \
	X(handler_differs, "calls of a handler whose URL is not what came over the connection") \
	X(handler_lost, "calls of a handler whose end was not seen")

#define RP_COUNTER_ENUM(name, text) RP_COUNT_##name,
enum rp_counter { RP_COUNTERS(RP_COUNTER_ENUM) RP_N_COUNTERS };

/* Those that every request counts have a row of the map for each of 16 sets of CPUs, as cache lines that all CPUs write are slow: a counter is
 * the sum over the rows. */
#define RP_COUNTER_ROWS 16
#define RP_COUNTER_ROW 32       /* entries of a row: whole cache lines */
_Static_assert(RP_N_COUNTERS <= RP_COUNTER_ROW, "rp_counter");

/* ---- addresses and objects --------------------------------------------------------------------------------------- */

#define RP_AF_INET 2
#define RP_AF_INET6 10
#define RP_AF_UNIX 1

/* One end of a socket. */
struct rp_addr {
	__u16 family;           /* RP_AF_*, 0 = unknown */
	__u16 port;             /* host byte order */
	__u16 path_len;         /* Unix: bytes of path, 0 = unnamed; an abstract name begins with a NUL byte */
	__u16 pad;
	union {
		__u8 ip[16];    /* network byte order; IPv4 in the first four bytes (also for a v4-mapped IPv6 address) */
		char path[108];
	};
	__u8 pad2[4];
};
_Static_assert(sizeof(struct rp_addr) == 120, "rp_addr");

/* When bytes came into a socket that had none. User space makes empty ones: user/tracer/open_sockets.h. */
struct rp_arrival {
	__u64 ns;               /* 0 = nothing came yet */
	__u32 from;             /* TCP: sequence number of the first byte that nobody had read */
	__u32 was_open;         /* made by user space */
};
_Static_assert(sizeof(struct rp_arrival) == 16, "rp_arrival");

/* What a file descriptor was when a thread began to wait on it. `data` by kind. */
#define RP_OBJECT_NONE 0
#define RP_OBJECT_SOCKET 1      /* struct rp_addr of the peer (a listening socket: its own) */
#define RP_OBJECT_FILE 2        /* regular file, directory, block device: path components, innermost first, each ended by NUL;
				 * RP_OBJECT_CUT is set if the outermost ones are missing */
#define RP_OBJECT_PIPE 3        /* __u64 inode */
#define RP_OBJECT_ANON 4        /* name as the kernel gives it, e.g. "[eventfd]", "[timerfd]", "inotify", NUL-terminated */
#define RP_OBJECT_GIL 6         /* struct rp_gil_holder */
#define RP_OBJECT_DEVICE 5      /* character device: path components as for RP_OBJECT_FILE */

#define RP_OBJECT_CUT 1         /* flags */
#define RP_OBJECT_LISTENING 2

struct rp_object {
	__u8 kind;
	__u8 flags;
	__u16 len;              /* bytes of data used */
	__s32 fd;               /* −1 = none */
	__u8 data[RP_OBJECT_MAX];
};
_Static_assert(sizeof(struct rp_object) == 200, "rp_object");

_Static_assert(sizeof(struct rp_gil_holder) <= RP_OBJECT_MAX, "rp_gil_holder");

/* ---- events: ring buffer `events`, in the order they happened per CPU -------------------------------------------- */

#define RP_EV_BEGIN 1           /* a marked request was recognised: struct rp_begin, then line_len bytes of request line */
#define RP_EV_BIND 2            /* a thread begins to work for a request: struct rp_bind */
#define RP_EV_RELEASE 3         /* it no longer does: struct rp_release */
#define RP_EV_TICK 4            /* a sample: struct rp_tick */
#define RP_EV_WAIT 5            /* a thread was off the CPU: struct rp_wait */
#define RP_EV_STACK 6           /* a stack that later events name by id: struct rp_stack, then the addresses */
#define RP_EV_END 7             /* the request is over: struct rp_end; no event of this request follows it */
#define RP_EV_EDGE 8            /* the stack at the begin or at a write (an edge of a slice, no tick): struct rp_tick */
#define RP_EV_NEAR 9            /* a marker's name with another value was seen: struct rp_near */
#define RP_EV_EXEC 10           /* a process of the request has new memory mappings (exec): header only */
#define RP_EV_TASK 12           /* a task of the request was made: struct rp_task */
#define RP_EV_TASK_RUNS 13      /* h.task runs from h.t on, on this thread: header only */
#define RP_EV_TASK_WAITS 14     /* it does no longer: struct rp_task_wait */
#define RP_EV_PEER 15           /* it has written to a socket, not its request's: struct rp_peer */
#define RP_EV_PEER_DATA 16      /* bytes came from there and were read: struct rp_peer_data */
#define RP_EV_BUSY 17           /* what the thread of its event loop does for others: struct rp_busy */
#define RP_EV_CODE 18           /* a code object of Python that stacks name: struct rp_python_code, then parts of it */
#define RP_EV_TASK_CLAIMED 19   /* h.task has written a response: header only */
#define RP_EV_GROUP 20          /* the request belongs to a group (RP_GROUP) from now on, until its end: header only, h.task is the group's serial */
#define RP_EV_GROUP_END 21      /* a group is over: header only */
#define RP_EV_UNMAPPED 11       /* a stack led into code that the process's table of code does not hold: struct rp_unmapped */

struct rp_event {
	__u16 type;             /* RP_EV_* */
	__u16 flags;            /* by type */
	__u32 len;              /* bytes of the whole event */
	__u64 t;
	__u32 request;          /* serial of the marked request, from 1; 0 = none; with RP_GROUP: of a group of them */
	__u32 pid;              /* the thread's process; ids of the initial PID namespace */
	__u32 tid;
	__u32 task;             /* of ticks and waits: the request's task that ran, RP_EV_TASK's number; 0 = none is known */
};
_Static_assert(sizeof(struct rp_event) == 32, "rp_event");

/* flags of RP_EV_BEGIN */
#define RP_BEGIN_JOINED 1       /* the connection was open at attach and was synchronised by this request */
#define RP_BEGIN_TENTATIVE 2    /* the line came in several reads: the time up to recognised_ns is estimated */
#define RP_BEGIN_SHARED 4       /* its thread has other unfinished requests: nothing is bound */
#define RP_BEGIN_HANDLER 8      /* it is a call of a handler: the line may lack its version; a method "-" is unknown, and so is an empty line */
#define RP_NO_MARKER 0xffffffffU

struct rp_begin {
	struct rp_event h;      /* h.t = recognised: from here on slices are exact. pid, tid: the thread that read it */
	__u64 begin_ns;         /* the read of the first byte, or the end of the previous response on the connection */
	__u64 tentative_cpu_ns; /* on-CPU time of that thread between begin_ns and recognised, if RP_BEGIN_TENTATIVE */
	__u64 socket_queue_ns;  /* bytes in the socket before begin; RP_UNKNOWN_NS */
	__u64 pipeline_queue_ns;
	struct rp_addr local, remote;
	__u32 marker;           /* index of the marker that matched, RP_NO_MARKER: every call is recorded */
	__u32 line_len;         /* bytes of the request line that follow, without its end of line */
	char comm[RP_COMM_LEN];
};
_Static_assert(sizeof(struct rp_begin) == 32 + 32 + 240 + 8 + 16, "rp_begin");

/* flags of RP_EV_BIND */
#define RP_BIND_CLONED 1        /* created by a thread of the request; not yet on a CPU at h.t */

struct rp_bind {
	struct rp_event h;
	__u32 bound;            /* rung of the design's ladder, 1 .. 4 */
	__u32 worker;           /* index of this binding within the request: 0 .. RP_MAX_WORKERS − 1, in a group from RP_MAX_WORKERS on; never reused */
	char comm[RP_COMM_LEN];
};
_Static_assert(sizeof(struct rp_bind) == 56, "rp_bind");

#include "reqprof_task.h"

struct rp_peer {
	struct rp_event h;
	__u64 socket;           /* tells sockets from each other */
	struct rp_addr address;
};
_Static_assert(sizeof(struct rp_peer) == 160, "rp_peer");

struct rp_peer_data {
	struct rp_event h;
	__u64 socket;
	__u64 ready_ns;         /* when they came; 0 = not known */
};
_Static_assert(sizeof(struct rp_peer_data) == 48, "rp_peer_data");

/* flags of RP_EV_BUSY */
#define RP_BUSY_IDLE 1          /* with nothing: it waits for events */
#define RP_BUSY_GIL 2           /* it waits for the interpreter's lock */

/* From h.t on, until the next one or until the request's own tasks run. */
struct rp_busy {
	struct rp_event h;
	__u64 stack;            /* Python frames only, 0 = none */
	struct rp_gil_holder by; /* request: the one that it works for, 0 = not known; the others only with RP_BUSY_GIL */
};
_Static_assert(sizeof(struct rp_busy) == 64, "rp_busy");

/* why a thread was released (h.flags of RP_EV_RELEASE) */
#define RP_RELEASE_EVENT_WAIT 1 /* it returned to an event wait: what it does from h.t on is ambiguous */
#define RP_RELEASE_OTHER_REQUEST 2 /* it read another request: what it does from h.t on is ambiguous */
#define RP_RELEASE_EXIT 3       /* the thread ended: nothing of it is ambiguous */
#define RP_RELEASE_CONTEXT 5    /* it may still work for it: the context in which it runs tells from here on, by another binding */
#define RP_RELEASE_END 4        /* the request ended: closes the account of a thread that works on */

struct rp_release {
	struct rp_event h;      /* h.t: no work after it is bound; it may lie before earlier events of the thread, which are void
				 * from h.t on (an event wait that did not block is noticed late) */
	__u32 worker;
	__u32 waits;            /* of this binding so far, sent or lost */
	__u64 cpu_ns;           /* on-CPU time since the bind, up to h.t */
	__u64 stolen_ns;        /* of it: what a hypervisor took */
};
_Static_assert(sizeof(struct rp_release) == 56, "rp_release");

/* flags of RP_EV_TICK and RP_EV_EDGE */
#define RP_TICK_KERNEL 1        /* the thread was in the kernel */
#define RP_TICK_GIL 4           /* it held CPython's lock */
#define RP_TICK_TIMER 2         /* taken by the bridge timer before perf events were armed: user part of the stack only */

struct rp_tick {
	struct rp_event h;
	__u32 worker;
	__u32 cpu;
	__u64 stack;            /* id, 0 = none could be had */
};
_Static_assert(sizeof(struct rp_tick) == 48, "rp_tick");

/* flags of RP_EV_WAIT */
#define RP_WAIT_PREEMPTED 1     /* left the CPU while runnable: no sleep, woken_ns == out_ns */
#define RP_WAIT_IOWAIT 2        /* task->in_iowait */
#define RP_WAIT_THROTTLED 4     /* its cgroup's CPU quota was used up when it left the CPU */
#define RP_WAIT_OPEN 8          /* still waiting when the request ended: in_ns = end of observation (woken_ns 0 = not woken) */
#define RP_WAIT_SYSCALL 16      /* in a system call: nr and args are valid; else an exception (page fault) */
#define RP_WAIT_NEW 32          /* the time between clone and the first run: woken_ns == out_ns */
#define RP_WAIT_WAKER 64        /* waker_* are valid */
#define RP_WAIT_WAKER_IRQ 128   /* woken from an interrupt: waker_pid is 0, waker_comm its name */
#define RP_WAIT_EXITING 256
#define RP_WAIT_ELSEWHERE 512   /* no wait: from out_ns to in_ns the thread worked for others, or for nobody */
#define RP_WAIT_GIL 1024        /* for the interpreter's lock: `object` is of kind RP_OBJECT_GIL */

struct rp_wait {
	struct rp_event h;      /* h.t = in_ns */
	__u64 out_ns;
	__u64 woken_ns;         /* 0 = unknown (no wake-up seen) */
	__u64 in_ns;
	__u64 cpu_ns;           /* on-CPU time of this binding up to out_ns */
	__u64 stolen_ns;        /* of it: what a hypervisor took, as far as the kernel's run queues know */
	__u64 waited_ns;        /* Σ (in_ns − out_ns) of all waits of this binding before this one */
	__u32 seq;              /* number of this wait in its binding, from 0: a gap means lost records */
	__u32 worker;
	__u64 stack;            /* id at switch-out, 0 = none */
	__u64 args[6];          /* of the system call */
	__u64 user_ip;          /* where user space was */
	__u64 timeout_ns;       /* of poll, select, futex: as given, RP_UNKNOWN_NS = none or unlimited */
	__s32 nr;               /* system call number, x86_64 */
	__u32 state;            /* task state at switch-out: 0 running, 1 interruptible, 2 uninterruptible, 4 stopped, 8 traced … */
	__u32 waker_pid, waker_tid;
	char waker_comm[RP_COMM_LEN];
	struct rp_object object;
};
_Static_assert(sizeof(struct rp_wait) == 32 + 48 + 8 + 8 + 48 + 16 + 16 + 16 + 200, "rp_wait");

/* flags of RP_EV_STACK */
#define RP_STACK_NO_KERNEL 1    /* the kernel part could not be had */
#define RP_STACK_NO_USER 2      /* a kernel thread: it has no user part */
#define RP_STACK_PYTHON_BROKEN 4 /* the interpreter's memory could not be read, or made no sense: outer Python frames are missing */
#define RP_STACK_PYTHON_DEPTH 8 /* more than RP_MAX_PYTHON_FRAMES */
#define RP_STACK_AWAITS 256     /* no thread's: the coroutines of a task that awaits, the outermost first */
#define RP_STACK_OTHERS 512     /* of what a thread did for others: no frame of it is the request's */

/* Why the user part of a stack is not whole (h.flags >> RP_STACK_REASON_SHIFT): X(name, what it says to a user). The first is that it is: it ends
 * where the thread began. */
#define RP_STACK_REASONS(X) \
	X(complete, "complete") \
	X(depth, "deeper than 256 frames") \
	X(unknown_text, "code in no known mapping") \
	X(not_loaded, "unwinding rows not loaded") \
	X(no_rule, "no unwinding information") \
	X(register, "needs a register that is not kept") \
	X(fault, "stack memory not readable") \
	X(broken, "chain of frames broken") \
	X(not_64, "not 64-bit code")

#define RP_STACK_REASON_ENUM(name, text) RP_STACK_##name,
enum rp_stack_reason { RP_STACK_REASONS(RP_STACK_REASON_ENUM) RP_N_STACK_REASONS };
#define RP_STACK_REASON_SHIFT 4
#define RP_STACK_REASON(flags) ((flags) >> RP_STACK_REASON_SHIFT & 15)
_Static_assert(RP_N_STACK_REASONS <= 16, "rp_stack_reason");

struct rp_stack {
	struct rp_event h;      /* h.pid: whose user addresses these are */
	__u64 id;
	__u16 n_kernel;         /* addresses that follow: first kernel, then user, innermost first */
	__u16 n_user;
	__u16 n_python;         /* struct rp_python_frame that follow them */
	__u16 pad;
};
_Static_assert(sizeof(struct rp_stack) == 48, "rp_stack");

struct rp_python_code {
	struct rp_event h;      /* flags: 1 << RP_CODE_*: all of this part is copied */
	struct rp_python_frame frame; /* its instr is none */
	__u64 parts[RP_CODE_PARTS]; /* addresses */
	__u32 len[RP_CODE_PARTS]; /* bytes of them that follow, one part after the other; 0 = it could not be read */
	__u32 first_line;
};
_Static_assert(sizeof(struct rp_python_code) == 32 + 16 + 24 + 16, "rp_python_code");

/* how a request ended (h.flags of RP_EV_END) */
#define RP_END_SEEN 0           /* the write of the response's last byte */
#define RP_END_INFERRED 1       /* the last write before something that proves that there will be none */
#define RP_END_CUT_OFF 2        /* --max-time, ^C, the server closed the connection without a response */

struct rp_end {
	struct rp_event h;      /* h.task: not 0 if it has collected unclaimed tasks (RP_TASK_*) */
	__u64 end_ns;           /* what came after it does not belong to the request */
	__u64 first_write_ns;   /* first byte of the response (not of 1xx); 0 = none */
	__u64 head_read_ns;     /* the read that completed the head; 0 = none */
	__u64 body_read_ns;     /* the read that completed the body; 0 = none or no body */
	__u64 bytes_in, bytes_out; /* head and body of the message as on the wire, 1xx included */
	__u32 status;           /* 0 = no response */
	__u32 in_flight_max;    /* unfinished requests on its thread, this one included */
	__u64 dropped, refused_live, refused_rate, stacks_dropped; /* growth of these counters between begin and end */
	__u32 capped;           /* events not sent because of RP_MAX_EVENTS: ticks and waits are among the next two, too */
	__u32 lost_ticks;       /* ticks of this request that were not sent */
	__u32 lost_waits;
	__u32 workers_refused;
	__u32 ticks;            /* perf and timer ticks that hit a thread of this request */
	__u32 switches;         /* switches of its threads */
	__u8 has_trace_id;
	__u8 sent_by;           /* RP_SENT_* */
	__u8 pad[2];
	__u32 contexts;         /* of a runtime that were bound to it: its tasks */
	__u8 trace_id[16];      /* of `traceparent` */
};
_Static_assert(sizeof(struct rp_end) == 32 + 48 + 8 + 32 + 24 + 24, "rp_end");

/* What ran when the response was written, on a thread with an event loop. */
#define RP_SENT_TASK 1          /* a task of the request: those that were bound are right */
#define RP_SENT_LOOP 2          /* the loop itself, which says nothing */
#define RP_SENT_OTHER 4         /* some other task: what was bound is not its work, unless that sent some, too */

struct rp_near {
	struct rp_event h;
	__u32 marker;
	__u32 len;
	char value[RP_NEAR_VALUE_MAX]; /* as sent, cut to fit */
};
_Static_assert(sizeof(struct rp_near) == 72, "rp_near");

struct rp_unmapped {
	struct rp_event h;
	__u64 address;
};
_Static_assert(sizeof(struct rp_unmapped) == 40, "rp_unmapped");

/* ---- arming: a ring buffer a CPU, in `arm_rings`, tells the arming threads, the mmapable array `cpu_state` (one u64 a CPU) answers  */

#define RP_ARM_RING 4096        /* bytes of one of these */

#define RP_CPU_IDLE 0
#define RP_CPU_ASKED 1          /* set by BPF with the message RP_ARM_CPU */
#define RP_CPU_ARMED 2          /* set by user space: the CPU's perf event is enabled */

#define RP_ARM_CPU 1            /* a thread of a live request runs on `cpu`: enable its event */
#define RP_ARM_NONE 2           /* no request is live any more: disable all */

struct rp_arm {
	__u32 what;
	__u32 cpu;
	__u64 t;
};
_Static_assert(sizeof(struct rp_arm) == 16, "rp_arm");

/* ---- arguments of the SEC("syscall") program `sweep`, run by the tracer ------------------------------------------ */

#define RP_SWEEP_CUT 1          /* end every live request as cut off */

struct rp_sweep {
	__u32 flags;
	__u32 live;             /* out: requests that are live after it */
	__u64 ended;            /* out: requests that it ended */
};
_Static_assert(sizeof(struct rp_sweep) == 16, "rp_sweep");

#endif
