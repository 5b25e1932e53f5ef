/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The profile of one request: the narrow waist between recording and every output format.
 *
 * Plain tables that refer to each other by index, −1 = none. Times `t` are ns since the request's begin, durations ns. Strings belong to the
 * profile (profile_string), are NUL-terminated, may hold any other byte of the target, and are NULL where the value is unknown.
 * Writers of formats see no PIDs to ask, no addresses to resolve: everything is here.
 */
#ifndef REQPROF_PROFILE_H
#define REQPROF_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where an instant of the wall time went. The order is that of precedence and of every output; X(name, long label, short label). */
#define TIME_CLASSES(X) \
	X(cpu_user, "on CPU (user)", "user") \
	X(cpu_kernel, "on CPU (kernel)", "kernel") \
	X(interrupt, "interrupted", "interrupt") \
	X(run_queue, "ready but no CPU", "ready") \
	X(throttled, "throttled by cgroup", "throttled") \
	X(stopped, "stopped", "stopped") \
	X(gil, "waiting for the GIL", "gil") \
	X(lock, "waiting for a lock", "lock") \
	X(disk, "disk", "disk") \
	X(network, "network", "network") \
	X(sleep, "sleeping", "sleep") \
	X(page_fault, "page fault", "fault") \
	X(child, "child process", "child") \
	X(ipc, "pipe or signal", "ipc") \
	X(other_wait, "other wait", "other") \
	X(loop_busy, "event loop busy", "loop busy") \
	X(suspended, "awaiting", "awaiting") \
	X(unknown, "unknown", "unknown")

#define TIME_CLASS_ENUM(name, label, word) TIME_##name,
enum time_class { TIME_CLASSES(TIME_CLASS_ENUM) N_TIME_CLASSES };

#define FRAME_KINDS(X) X(kernel) X(native) X(python) X(go) X(jit)
#define FRAME_KIND_ENUM(name) FRAME_##name,
enum frame_kind { FRAME_KINDS(FRAME_KIND_ENUM) N_FRAME_KINDS };

/* X(name): points of the request's life. */
#define MARKS(X) X(head_read) X(body_read) X(handler_entry) X(first_response_byte)
#define MARK_ENUM(name) MARK_##name,
enum mark_kind { MARKS(MARK_ENUM) N_MARKS };

enum request_source { SOURCE_HTTP, SOURCE_HANDLER };
enum request_begin { BEGIN_SEEN, BEGIN_JOINED };
enum request_end { END_SEEN, END_INFERRED, END_CUT_OFF };

extern const char *const time_class_names[N_TIME_CLASSES];  /* "cpu_user" … as in JSON */
extern const char *const time_class_labels[N_TIME_CLASSES]; /* long label */
extern const char *const time_class_words[N_TIME_CLASSES];  /* short label */
extern const char *const frame_kind_names[N_FRAME_KINDS];
extern const char *const mark_names[N_MARKS];

struct frame {
	const char *function;   /* never NULL: a symbol, or module+0x… */
	const char *file;       /* NULL = unknown */
	const char *module;     /* ELF path in the target's mount namespace, "kernel" or a kernel module's name; NULL = unknown */
	uint32_t line;          /* 0 = unknown */
	enum frame_kind kind;
	bool inlined;
};

struct stack_node {
	int32_t parent;         /* index of the caller's node, smaller than its own; −1 = outermost */
	int32_t frame;
};

struct thread {
	int32_t pid, tid;
	const char *comm;
	const char *name;       /* NULL = no better name than comm */
	uint64_t cpu_ns;        /* = Σ weight_ns of its samples */
	uint64_t wait_ns;       /* = Σ duration_ns of its waits, and of lost ones */
	int64_t gil_held_ns;    /* −1 = not a Python thread */
};

struct task {
	const char *id;
	const char *name;
};

struct sample {
	uint64_t t;
	uint64_t weight_ns;
	int32_t thread;         /* always one */
	int32_t task;
	int32_t stack;
	uint8_t bound;          /* rung by which it was bound, 1 … 4 */
	bool kernel;            /* the thread was in the kernel */
	bool edge;              /* no tick: the stack of the slice's begin or end */
};

struct waker {
	int32_t pid, tid;       /* pid 0: an interrupt, comm its name */
	const char *comm;
	int32_t stack;
};

#define STOLEN_BY "hypervisor"  /* object of a wait of cause run_queue: this machine's own CPU was not there */

struct wait {
	uint64_t t;
	uint64_t duration_ns;   /* up to the wake-up; 0 for a preemption */
	uint64_t runnable_ns;   /* from then until it ran */
	int32_t thread, task, stack;
	enum time_class cause;  /* TIME_run_queue … TIME_other_wait */
	const char *object;     /* NULL = unknown */
	bool has_waker;
	struct waker waker;
};

/* The class of a wait's runnable_ns, and who has the CPU meanwhile, NULL = unknown. */
enum time_class wait_ready_class(const struct wait *w);
const char *wait_ready_object(const struct wait *w);

struct await {
	uint64_t t, duration_ns;
	int32_t task, stack;
	enum time_class cause;
	const char *object;
	uint64_t suspended_ns;  /* of the wall time that is TIME_suspended, what this await stands for: one at a time */
};

/* What the thread of the event loop did while a task of the request could have gone on: a part of TIME_loop_busy. */
struct loop_busy {
	uint64_t duration_ns;
	const char *request;    /* "GET /health", that it worked for; NULL = unknown */
	const char *function, *file; /* that it ran; NULL = unknown, not both it and the request */
	uint32_t line;          /* the one with the most time, 0 = unknown */
	bool gil;               /* it did not run, but waited for the GIL, which these held */
};

/* Lines of a file with source code, in the order of their file's weight; all that could be had of one file, or why nothing could. */
struct source_lines {
	const char *file;       /* as frames name it */
	uint32_t first_line;
	const char *text;       /* lines with a newline between two; UTF-8; NULL = none */
	const char *error;      /* why it could not be read; NULL = it could */
	bool newer;             /* changed since the process began: what runs may be something else */
};

/* Threads, samples and waits: of the request, or of what came after it. */
struct work {
	struct thread *threads;
	size_t n_threads, cap_threads;
	struct sample *samples; /* by t */
	size_t n_samples, cap_samples;
	struct wait *waits;     /* by t */
	size_t n_waits, cap_waits;
};

struct mark {
	uint64_t t;
	enum mark_kind kind;
};

struct request {
	char id[7];             /* 6 hex digits */
	enum request_source source;
	const char *method, *target, *http_version, *local, *remote, *marker; /* redacted where they must be */
	const char *trace_id;   /* 32 hex digits or NULL */
	int32_t status;         /* −1 = cannot be known (handler source), 0 = cut off before a response */
	int32_t pid;
	const char *comm;       /* of the process */
	uint64_t bytes_in, bytes_out;
	int64_t start_ns;       /* wall clock, ns since the epoch */
	int32_t utc_offset_s;   /* of the machine's time zone then, seconds east */
	enum request_begin begin;
	enum request_end end;
	struct mark marks[8];   /* by t */
	size_t n_marks;
};

struct time_split {
	uint64_t wall_ns;
	uint64_t classes_ns[N_TIME_CLASSES]; /* sum to wall_ns */
	bool network_estimated; /* the request line came in pieces */
	int64_t socket_queue_ns; /* −1 = unknown */
	uint64_t pipeline_queue_ns;
	uint64_t ambiguous_ns;
	uint32_t in_flight_max;
};

struct lost {
	uint64_t samples, waits, stacks_truncated, frames_unknown, events_dropped, refused_live, refused_rate;
};

struct executable {
	const char *path;
	const char *build_id;   /* hex, NULL = none */
	uint64_t rows;          /* of unwinding information that were loaded, 8 bytes each */
};

/* Why some user stacks do not reach the bottom. */
struct truncation {
	const char *reason;
	uint64_t stacks;        /* different ones; they sum to lost.stacks_truncated */
};

/* One of the requests that a profile was merged from (profile/merge.h). */
struct merged_request {
	char id[7];
	uint64_t wall_ns;
	int32_t status;
	enum request_end end;
};

/* What the report says of itself. */
struct about {
	const char *version;    /* of reqprof */
	const char *command;    /* its command line, secrets masked */
	const char *host;
	const char *kernel;     /* uname -r */
	const char *event;      /* "cpu-clock" */
	const char *interrupt;  /* "unavailable" or how it was had */
	const char *arming;     /* "fifo" or "timer": who sampled first */
	const char *program;    /* "uvicorn": what the request's process runs, by its command line; NULL = unknown */
	const char *runtime;    /* "CPython 3.11, uvloop": what runs the program; NULL = unknown, or the program says it (nginx) */
	uint64_t interval_ns;
	uint64_t overhead_ns;   /* ticks × measured cost plus probe hits */
	uint64_t ticks, edges;  /* samples by kind */
	uint64_t bound[5];      /* samples by rung, [1] … [4] */
	uint64_t workers_refused; /* threads that were not followed */
	bool keeps_url;         /* query values are kept */
	bool redacted;          /* by profile_redact: no host, address, path prefix, query value or trace id */
	bool keeps_sources;     /* source code was asked for */
	struct executable *executables;
	size_t n_executables, cap_executables;
	struct truncation *truncations;
	size_t n_truncations, cap_truncations;
};

struct profile {
	struct request request;
	struct time_split time;
	struct work work;
	struct work *after;     /* NULL = none */
	struct task *tasks;
	size_t n_tasks, cap_tasks;
	struct await *awaits;
	size_t n_awaits, cap_awaits;
	struct loop_busy *loop_busy;
	size_t n_loop_busy, cap_loop_busy;
	struct merged_request *merged; /* the shortest first; none = this is one request */
	size_t n_merged, cap_merged;
	struct source_lines *sources; /* none without about.keeps_sources */
	size_t n_sources, cap_sources;
	struct frame *frames;
	size_t n_frames, cap_frames;
	struct stack_node *stacks;
	size_t n_stacks, cap_stacks;
	struct lost lost;
	struct about about;
	struct string_pool *strings;    /* owns every string above */
	struct stack_index *index;      /* finds frames and stacks that are there; NULL after profile_seal */
};

struct profile *profile_new(void);
void profile_free(struct profile *p); /* NULL is fine */

/* The profile's own copy of a string (interned: equal strings, equal pointers). NULL stays NULL. */
const char *profile_string(struct profile *p, const char *s);
const char *profile_string_n(struct profile *p, const char *s, size_t n); /* n bytes; ends at a NUL byte in them */

/* Index of a frame / of the stack `parent` + frame: an equal one that is there, or a new one. Strings in `frame` need not be interned. */
int32_t profile_frame(struct profile *p, const struct frame *frame);
int32_t profile_stack(struct profile *p, int32_t parent, int32_t frame);

void work_free(struct work *w); /* what it holds */

/* Zeroed new element at the end; valid until the next one is added. */
struct thread *work_add_thread(struct work *w);
struct sample *work_add_sample(struct work *w);
struct wait *work_add_wait(struct work *w);

/* Checks what §3 of the model promises: indices in range, parents before children, classes that sum to the wall time, weights that
 * sum to cpu_ns, times inside the wall. Returns NULL, or what is wrong (a static string). */
const char *profile_check(const struct profile *p);

#endif
