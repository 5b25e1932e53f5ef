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
#define RP_MAX_EVENTS 2000000   /* ticks and waits of one request; beyond, only sums go on and lost.* counts */
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

/* ---- counters: u64 in the mmapable array map `counters`, only ever growing (but for the two gauges) ------------- */

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
	X(near_marker, "requests with the marker's name and another value")

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

/* What a file descriptor was when a thread began to wait on it. `data` by kind. */
#define RP_OBJECT_NONE 0
#define RP_OBJECT_SOCKET 1      /* struct rp_addr of the peer (a listening socket: its own) */
#define RP_OBJECT_FILE 2        /* regular file, directory, block device: path components, innermost first, each ended by NUL;
				 * RP_OBJECT_CUT is set if the outermost ones are missing */
#define RP_OBJECT_PIPE 3        /* __u64 inode */
#define RP_OBJECT_ANON 4        /* name as the kernel gives it, e.g. "[eventfd]", "[timerfd]", "inotify", NUL-terminated */
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
#define RP_EV_UNMAPPED 11       /* a stack led into code that the process's table of code does not hold: struct rp_unmapped */

struct rp_event {
	__u16 type;             /* RP_EV_* */
	__u16 flags;            /* by type */
	__u32 len;              /* bytes of the whole event */
	__u64 t;
	__u32 request;          /* serial of the marked request, from 1; 0 = none */
	__u32 pid;              /* the thread's process; ids of the initial PID namespace */
	__u32 tid;
	__u32 pad;
};
_Static_assert(sizeof(struct rp_event) == 32, "rp_event");

/* flags of RP_EV_BEGIN */
#define RP_BEGIN_JOINED 1       /* the connection was open at attach and was synchronised by this request */
#define RP_BEGIN_TENTATIVE 2    /* the line came in several reads: the time up to recognised_ns is estimated */
#define RP_BEGIN_SHARED 4       /* its thread has other unfinished requests: nothing is bound */

struct rp_begin {
	struct rp_event h;      /* h.t = recognised: from here on slices are exact. pid, tid: the thread that read it */
	__u64 begin_ns;         /* the read of the first byte, or the end of the previous response on the connection */
	__u64 tentative_cpu_ns; /* on-CPU time of that thread between begin_ns and recognised, if RP_BEGIN_TENTATIVE */
	__u64 socket_queue_ns;  /* bytes in the socket before begin; RP_UNKNOWN_NS */
	__u64 pipeline_queue_ns;
	struct rp_addr local, remote;
	__u32 marker;           /* index of the marker that matched */
	__u32 line_len;         /* bytes of the request line that follow, without its end of line */
	char comm[RP_COMM_LEN];
};
_Static_assert(sizeof(struct rp_begin) == 32 + 32 + 240 + 8 + 16, "rp_begin");

/* flags of RP_EV_BIND */
#define RP_BIND_CLONED 1        /* created by a thread of the request; not yet on a CPU at h.t */

struct rp_bind {
	struct rp_event h;
	__u32 bound;            /* rung of the design's ladder, 1 .. 4 */
	__u32 worker;           /* index of this binding within the request: 0 .. RP_MAX_WORKERS − 1, never reused in a request */
	char comm[RP_COMM_LEN];
};
_Static_assert(sizeof(struct rp_bind) == 56, "rp_bind");

/* why a thread was released (h.flags of RP_EV_RELEASE) */
#define RP_RELEASE_EVENT_WAIT 1 /* it returned to an event wait: what it does from h.t on is ambiguous */
#define RP_RELEASE_OTHER_REQUEST 2 /* it read another request: what it does from h.t on is ambiguous */
#define RP_RELEASE_EXIT 3       /* the thread ended: nothing of it is ambiguous */
#define RP_RELEASE_END 4        /* the request ended: closes the account of a thread that works on */

struct rp_release {
	struct rp_event h;      /* h.t: no work after it is bound; it may lie before earlier events of the thread, which are void
				 * from h.t on (an event wait that did not block is noticed late) */
	__u32 worker;
	__u32 waits;            /* of this binding so far, sent or lost */
	__u64 cpu_ns;           /* on-CPU time since the bind, up to h.t */
};
_Static_assert(sizeof(struct rp_release) == 48, "rp_release");

/* flags of RP_EV_TICK and RP_EV_EDGE */
#define RP_TICK_KERNEL 1        /* the thread was in the kernel */
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

struct rp_wait {
	struct rp_event h;      /* h.t = in_ns */
	__u64 out_ns;
	__u64 woken_ns;         /* 0 = unknown (no wake-up seen) */
	__u64 in_ns;
	__u64 cpu_ns;           /* on-CPU time of this binding up to out_ns */
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
_Static_assert(sizeof(struct rp_wait) == 32 + 40 + 8 + 8 + 48 + 16 + 16 + 16 + 200, "rp_wait");

/* flags of RP_EV_STACK */
#define RP_STACK_NO_KERNEL 1    /* the kernel part could not be had */
#define RP_STACK_NO_USER 2      /* a kernel thread: it has no user part */
#define RP_STACK_PYTHON_BROKEN 4 /* the interpreter's memory could not be read, or made no sense: outer Python frames are missing */
#define RP_STACK_PYTHON_DEPTH 8 /* more than RP_MAX_PYTHON_FRAMES */

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
#define RP_STACK_REASON(flags) ((flags) >> RP_STACK_REASON_SHIFT)

struct rp_stack {
	struct rp_event h;      /* h.pid: whose user addresses these are */
	__u64 id;
	__u16 n_kernel;         /* addresses that follow: first kernel, then user, innermost first */
	__u16 n_user;
	__u16 n_python;         /* struct rp_python_frame that follow them */
	__u16 pad;
};
_Static_assert(sizeof(struct rp_stack) == 48, "rp_stack");

/* how a request ended (h.flags of RP_EV_END) */
#define RP_END_SEEN 0           /* the write of the response's last byte */
#define RP_END_INFERRED 1       /* the last write before something that proves that there will be none */
#define RP_END_CUT_OFF 2        /* --max-time, ^C, the server closed the connection without a response */

struct rp_end {
	struct rp_event h;
	__u64 end_ns;           /* what came after it does not belong to the request */
	__u64 first_write_ns;   /* first byte of the response (not of 1xx); 0 = none */
	__u64 head_read_ns;     /* the read that completed the head; 0 = none */
	__u64 body_read_ns;     /* the read that completed the body; 0 = none or no body */
	__u64 bytes_in, bytes_out; /* head and body of the message as on the wire, 1xx included */
	__u32 status;           /* 0 = no response */
	__u32 in_flight_max;    /* unfinished requests on its thread, this one included */
	__u64 dropped, refused_live, refused_rate, stacks_dropped; /* growth of these counters between begin and end */
	__u32 capped;           /* ticks and waits not sent because of RP_MAX_EVENTS; part of the next two */
	__u32 lost_ticks;       /* ticks of this request that were not sent */
	__u32 lost_waits;
	__u32 workers_refused;
	__u32 ticks;            /* perf and timer ticks that hit a thread of this request */
	__u32 switches;         /* switches of its threads */
	__u8 has_trace_id;
	__u8 pad[7];
	__u8 trace_id[16];      /* of `traceparent` */
};
_Static_assert(sizeof(struct rp_end) == 32 + 48 + 8 + 32 + 24 + 24, "rp_end");

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

/* ---- unwinding ------------------------------------------------------------------------------------------------------
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

/* REGISTER, DEREF_INDEXED and VFORK need registers that only the innermost frame has: they stand in functions that call none, or in prologues. */
struct rp_row {
	__u32 pc;
	__u16 cfa;
	__u16 rule;             /* RP_ROW_* in the low 4 bits, an argument above them: where the caller's rbp is, as a signed number of words from
				 * the CFA, 0 = in rbp, RP_RBP_AT_RBP = where rbp points. Of those with a register the upper 4 bits are
				 * its DWARF number and the 8 below the place of rbp, the last one RP_RBP_AT_RBP8 */
};
_Static_assert(sizeof(struct rp_row) == 8, "rp_row");
#define RP_RBP_AT_RBP 2047
#define RP_RBP_AT_RBP8 127

/* ---- CPython --------------------------------------------------------------------------------------------------------
 *
 * One interpreter of a process as addresses and offsets, so that the programs know no version: map `pythons`, pid → struct rp_python. Found by user
 * space (unwind/python.c says where each is from). Offsets are in bytes, RP_PYTHON_NONE = this version has no such field.
 */

#define RP_PYTHON_NONE (~0U)
#define RP_MAX_PYTHON_FRAMES 256

/* flags of struct rp_python */
#define RP_PYTHON_INSTR_INDEX 1 /* frame_instr is an int: an index from the first instruction, in bytes; else the address of an instruction */
#define RP_PYTHON_INSTR_UNITS 2 /* … in units of 2 bytes (3.10) */
#define RP_PYTHON_TAGGED 4      /* the low 2 bits of frame_code, and of what is on a frame's stack, are tags (3.14) */
#define RP_PYTHON_STACK_INDEX 8 /* frame_stack_top is an int: entries in use from frame_locals on (3.11 to 3.13); else the address behind the top */
#define RP_PYTHON_STACK_DEPTH 16 /* … entries in use from the address in frame_value_stack on (3.10) */
#define RP_PYTHON_FREE_THREADED 32 /* there is no GIL */

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
	/* in PyGenObject, PyCoroObject */
	__u32 generator_frame;  /* the frame itself (from 3.11), PyFrameObject * (to 3.10) */
	__u32 generator_state;  /* signed char (from 3.11) */
	__u32 size;             /* of this struct, so that there is no hole at its end */
	__u64 coroutine_type;   /* address of PyCoro_Type, 0 = unknown */
};
_Static_assert(sizeof(struct rp_python) == 8 + 4 * 38 + 8, "rp_python");
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

static inline __u32 rp_python_check(__u64 file_name, __u64 name, __u64 line_table, __u32 first_line)
{
	__u64 x = (file_name * 31 + name) * 31 + line_table + first_line;

	x *= 0x9e3779b97f4a7c15ULL;
	return x >> 32;
}

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
