/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * State of the marked requests that are being recorded, shared by request.bpf.c (their life) and sample.bpf.c (what their threads do).
 *
 *   threads[task]   → which worker record this thread has now, which reader record it owns          task storage
 *   live[slot]      → one marked request; a live_ref names a slot and the serial of its occupant
 *   workers[slot × RP_MAX_WORKERS + n] → the n-th thread that worked for the request in that slot, with its wait in progress
 *   readers[n]      → one thread that reads requests: how many of them have no complete response yet
 *
 * A thread's record is valid while the serials agree, so ending a request is one store and nobody has to be visited.
 */
#ifndef REQPROF_REQUEST_BPF_H
#define REQPROF_REQUEST_BPF_H

#include "context.bpf.h"
#include "event.bpf.h"

#define RP_MAX_READERS 8192
#define OBJECT_SLACK 256        /* room behind an rp_object for one bounded string read (see object.bpf.c) */

#define RP_WAS_WORKER 8
#define RP_WAS_WORKERS (RP_WAS_WORKER + 1) /* the last one: of a group */
#define RP_RECENT 8
#define RP_TASKS_KEPT 16

#define LIVE_FREE 0
#define LIVE_TAKEN 1            /* pipelined behind an earlier request: its wall time has not begun */
#define LIVE_BEGUN 2
#define LIVE_ENDING 3
#define LIVE_AFTER 4            /* its response is complete, but the task that wrote it works on */

struct rp_thread {
	__u32 worker;           /* index of workers + 1; 0 = none */
	__u32 serial;           /* of the request that it was bound to */
	__u32 reader;           /* index of readers; 0 = reads none */
	__u32 pad;
	/* Of a runtime in which a thread serves many requests: */
	__u64 python_state;     /* PyThreadState *, as last seen */
	__u64 home;             /* the context in which the thread waits for work */
	__u64 seen_ns;          /* when it was looked at last, and what it did: */
	__u32 seen;             /* SEEN_* */
	__u32 seed;             /* the request that was read last, as slot + 1: the next context copied is its task's. 0 = none */
	__u32 seed_serial;
	__u32 seed_entered;     /* is_entered(seed_context) then */
	__u64 seed_context;     /* the context in which it was read */
	__u64 recent[RP_RECENT]; /* contexts of requests' tasks that were made or ran on the thread last */
	__u64 out_ns;           /* when it left the CPU and was looked at; 0 = it has been seen to come back */
	__u64 ready_ns, came_ns; /* when it got ready to run last, and came to the CPU, if it has been at home since; 0 = it was not, or had no wait */
	__u32 n_recent;
	__u32 busy;             /* a program changes what the thread works for: what interrupts it must not */
	__u32 was_worker[RP_WAS_WORKERS]; /* by was_worker_at(): index of workers + 1 that the thread had for it */
	/* Of a thread of a pool of Python's (context_pool.bpf.c): */
	__u64 pool_frame;       /* of the function in which it waits for work, 0 = not known to be such a thread */
	__u64 pool_code;        /* what that frame runs */
	__u32 pool_looks;       /* how often it was looked for */
	__u32 pad2;
	/* Of a call of a handler that it is in: */
	__u64 rest;             /* the connection that it read from last, if it does not speak plain HTTP/1, else HANDLER_PLAIN; 0 = it read none */
	__u64 call_sp;          /* the stack pointer at its entry, 0 = it is in none */
	__u64 call_return;      /* the return address that was there */
	__u64 call_base;        /* what its status is found from */
	live_ref call;          /* its request, 0 = not recorded */
	__u32 call_handler;
	__u32 call_reader;
	/* Of a turn of a request among many: */
	__u32 turns_open;       /* requests that are not recorded, in no map */
	live_ref turn;          /* its request, 0 = not recorded */
	__u64 turn_sp;          /* the stack pointer at the entry of its function, 0 = not known */
	__u64 turn_return;      /* the return address that was there, 0 = its return is probed */
	__u64 around_sp, around_return; /* the same of the function that was entered last, if requests begin inside of it */
};

#define TURN_TASK 1             /* the only task of a request whose thread serves many by turns */

#define SEEN_NOTHING 0
#define SEEN_HOME 1             /* in its home context */
#define SEEN_BACK 2             /* the same, and it has just come to the CPU: what runs next begins here */
#define SEEN_WORK 3             /* in a task of a marked request */
#define SEEN_OTHER 4            /* in another context */

struct rp_reader {
	__s32 unfinished;       /* requests read by the thread without a complete response */
	__u32 live;             /* marked ones of them that are recorded */
	__u32 orphan;           /* the thread is gone: free the record when unfinished gets 0 */
	__u32 reads;            /* requests read */
	__u64 arrived_ns;       /* when one of the last ones came into its socket */
	__u32 hurried;          /* request_pace() */
	__u32 tid;              /* of the thread; 0 = it is gone */
};

#define COLLECTED 2

struct rp_live {
	__u32 state;            /* LIVE_* */
	__u32 serial;           /* 0 = free */
	__u32 reader;
	__u32 n_workers;        /* bindings so far; may exceed RP_MAX_WORKERS (those are refused) */
	__u64 begin_ns;
	__u64 sk;               /* struct sock *, 0 = none */
	__u64 socket;           /* its sk_socket at begin: another value later = closed */
	__u64 first_write_ns, last_write_ns;
	__u64 head_ns, body_ns;
	__u64 bytes_in, bytes_out;
	__u64 loop_ok_ns;       /* the last time the thread was known not to have returned to epoll; 0 = cannot be told */
	__u64 dropped, refused_live, refused_rate, stacks_dropped; /* the counters at begin */
	__u32 status;
	__u32 in_flight_max;
	__u32 events, capped, lost_ticks, lost_waits, ticks, switches;
	__u32 has_trace_id;
	__u32 told;             /* the worker was woken for it */
	__u64 sender;           /* of request_start */
	__u64 task_code;        /* that its first task began with */
	__u64 end_ns;           /* LIVE_AFTER: when its response was */
	__u32 end_how;
	__s32 unfinished;       /* tasks whose coroutines are known and have not ended */
	__u64 ran_ns;           /* the last time that one of them began to run */
	__u64 made[RP_TASKS_KEPT]; /* contexts of the last ones */
	__u32 n_made;
	__u32 pid;              /* their process */
	__u32 contexts;         /* that were bound to it */
	__u32 numbers;          /* tasks that have got one */
	__u32 collects;         /* what tasks do that may be its own is recorded; COLLECTED: it is known since which they are */
	__u32 group;            /* serial of the group that does that for it, 0 = none */
	__u32 group_ticks, group_switches; /* what the group had when it was joined */
	__s32 members, open;    /* of a group: its requests, and those of them that are not COLLECTED */
	__u32 sent_by;          /* RP_SENT_* */
	__u32 contextual;       /* it is counted in contextual_requests: threads that may work for it are looked at; a group is not, its requests are */
	__u32 busy;             /* its loop did something else when that was told last */
	__u32 work;             /* WORK_* */
	__u8 trace_id[16];
};

struct rp_worker {
	__u32 serial;           /* 0 = released */
	__u32 slot;
	__u32 index;            /* within the request, as user space knows it: from RP_MAX_WORKERS on in a group */
	__u32 reader;           /* it is the thread that read the request */
	__u64 run_since;        /* 0 = not on a CPU, else of that CPU: */
	__u64 run_queue;        /* its struct rq * */
	__u64 stolen_before;    /* what had been stolen from it by run_since */
	__u64 clock_before;     /* the thread's CPU clock then, 0 = not known: it did not come to the CPU then */
	__u64 clock_out;        /* the same when it left the CPU last */
	__u64 cpu_ns, stolen_ns; /* closed slices, and what was stolen of them */
	__u64 waited_ns;        /* closed waits */
	__u64 last_tick_ns;
	__u64 ctx_address;      /* sched_waking: see on_interrupt_stack() */
	__u32 pid, tid;
	__u32 seq;
	__u32 task;             /* the task that the thread runs, 0 = none is known */
	__u32 contextual;       /* what the thread works for is told by its context, or by its calls */
	__u32 unclaimed;        /* the task may be another request's */
	__u32 pad_unclaimed;
	__u32 waiting;          /* a wait is in progress: who sets it to 0 sends its record, the thread itself or who ends its request */
	__u64 context;          /* of the task */
	struct rp_wait wait;    /* in progress while out_ns != 0; object last: it is followed by slack */
	__u8 slack[OBJECT_SLACK];
};

struct threads_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rp_thread);
};
extern struct threads_map threads SEC(".maps");

struct readers_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RP_MAX_READERS);
	__type(key, __u32);
	__type(value, struct rp_reader);
};
extern struct readers_map readers SEC(".maps");

struct live_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RP_MAX_LIVE + RP_GROUPS); /* groups (context_claim.bpf.c) come last */
	__type(key, __u32);
	__type(value, struct rp_live);
};
extern struct live_map live SEC(".maps");

struct workers_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, (RP_MAX_LIVE + RP_GROUPS) * RP_MAX_WORKERS);
	__type(key, __u32);
	__type(value, struct rp_worker);
};
extern struct workers_map workers SEC(".maps");

static __always_inline struct rp_reader *reader_at(__u32 index)
{
	return index ? bpf_map_lookup_elem(&readers, &index) : NULL;
}

static __always_inline struct rp_live *live_slot(__u32 slot)
{
	return bpf_map_lookup_elem(&live, &slot);
}

static __always_inline int is_group(__u32 slot)
{
	return slot >= RP_MAX_LIVE;
}

static __always_inline __u32 was_worker_at(__u32 slot)
{
	return is_group(slot) ? RP_WAS_WORKER : slot % RP_WAS_WORKER;
}

/* The slot of the group that a reader's requests may have. */
static __always_inline __u32 group_slot(__u32 reader)
{
	return RP_MAX_LIVE + reader % RP_GROUPS;
}

/* Which tasks are the request's is known, beyond doubt. */
static __always_inline void settle_group(struct rp_live *l, struct rp_live *g)
{
	if (__sync_val_compare_and_swap(&l->collects, 1, COLLECTED) == 1)
		__sync_fetch_and_add(&g->open, -1);
}

static __always_inline void settle(struct rp_live *l)
{
	struct rp_live *g = l->group ? live_slot(group_slot(l->reader)) : NULL;

	if (g && g->serial == l->group)
		settle_group(l, g);
}

/* Is `serial` that of the request, or of its group? */
static __always_inline int is_of(const struct rp_live *l, __u32 serial)
{
	return l->serial == serial || (l->group && l->group == serial);
}

/* The request that a reference names, if it is not over. */
static __always_inline struct rp_live *live_of(live_ref ref, __u32 *ret_slot)
{
	struct rp_live *l;

	*ret_slot = (__u32)ref - 1;
	l = ref ? live_slot(*ret_slot) : NULL;
	return l && l->serial == ref >> 32 && (l->state == LIVE_TAKEN || l->state == LIVE_BEGUN) ? l : NULL;
}

/* The worker record of a thread that works for a live request now, or NULL. Never creates state. */
static __always_inline struct rp_worker *worker_of(struct task_struct *task)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);
	struct rp_worker *w;
	__u32 index;

	if (!t || !t->worker)
		return NULL;
	index = t->worker - 1;
	w = bpf_map_lookup_elem(&workers, &index);
	return w && w->serial && w->serial == t->serial ? w : NULL;
}

/* A wait begins at `now`: its record without what the system call tells. It counts from when out_ns is set. */
static __always_inline void wait_begin(struct rp_worker *w, struct task_struct *task, __u64 now, __u32 state)
{
	struct rp_wait *wait = &w->wait;

	event_head(&wait->h, RP_EV_WAIT, sizeof *wait, now, w->serial, task);
	wait->woken_ns = 0;
	wait->cpu_ns = w->cpu_ns;
	wait->stolen_ns = w->stolen_ns;
	wait->waited_ns = w->waited_ns;
	wait->worker = w->index;
	wait->stack = 0;
	wait->nr = -1;
	wait->user_ip = 0;
	wait->state = state;
	wait->timeout_ns = RP_UNKNOWN_NS;
	wait->waker_pid = wait->waker_tid = 0;
	wait->object.kind = RP_OBJECT_NONE;
	wait->object.flags = 0;
	wait->object.len = 0;
	wait->object.fd = -1;
}

/* From now on what its threads do is told by their contexts. */
static __always_inline void live_look(struct rp_live *l)
{
	if (__sync_lock_test_and_set(&l->contextual, 1))
		return;
	if (!__sync_fetch_and_add(&contextual_requests, 1))
		contextual_since = bpf_ktime_get_ns();
}

/* A thread that was the request's alone has returned to its event loop: with contexts it is known what it does there. */
static __always_inline __u32 release_reason(const struct rp_live *l)
{
	return l->contexts || l->collects ? RP_RELEASE_CONTEXT : RP_RELEASE_EVENT_WAIT;
}

static __always_inline int event_allowed(struct rp_live *l)
{
	if (__sync_fetch_and_add(&l->events, 1) < RP_MAX_EVENTS)
		return 1;
	__sync_fetch_and_add(&l->capped, 1);
	COUNT(events_capped);
	return 0;
}

/* ---- reader.bpf.c ------------------------------------------------------------------------------------------------ */

extern __u32 followed_processes;
__hidden void follow_note(const struct task_struct *task);
__hidden void follow_child(struct task_struct *parent, struct task_struct *child);  /* a new process of a followed one */
__hidden void follow_leaderless(struct task_struct *leader); /* the first thread of a process ends, others do not … */
__hidden void follow_exec(struct task_struct *task);    /* … or one of them calls exec */
__hidden void unfollow(struct task_struct *task);       /* the last thread of a process ends */
__hidden void reader_orphan(struct task_struct *task);  /* a thread ends */

/* ---- worker.bpf.c ------------------------------------------------------------------------------------------------ */

/* Of the current thread, and global functions: the verifier looks at each once, not for every way in which it is called. */

/* Bind it to the request in `slot`, by a rung of the ladder. Non-zero: there is no room. */
int worker_bind(struct rp_live *l, __u32 slot, __u64 now, __u32 how);

/* It no longer works for its request (NULL = that is gone), from `t` on. */
int worker_release(struct rp_worker *w, struct rp_live *l, __u64 t, __u32 why);

/* It is on the CPU: if it was not seen to come there, its wait ends when it did. */
int worker_came(struct rp_worker *w, struct rp_live *l);

/* It has only waited for a CPU since its record was taken up, until `until`. */
int worker_was_ready(struct rp_worker *w, struct rp_live *l, __u64 until);

/* It works for others from `t` on, until worker_resume(), which finds its record; 0: it has none. */
int worker_pause(struct rp_worker *w, struct rp_thread *thread, __u64 t);
int worker_resume(struct rp_live *l, __u32 slot, struct rp_thread *thread, __u64 t);

/* Did the thread that read the request return to epoll without blocking? Then it is released, and the answer is non-zero. */
int loop_returned(struct rp_worker *w, struct rp_live *l, __u64 now);

/* Of others: bind a thread that was created by one of the request's and has not yet run. */
#define BIND_CLONED 16
__hidden int worker_bind_child(struct rp_live *l, __u32 slot, struct task_struct *child, __u64 now);

/* The wait of w is over at `t`: send its record. Returns when it was over. */
__hidden __u64 worker_wait_end(struct rp_worker *w, struct rp_live *l, __u64 t);

/* ---- request.bpf.c ----------------------------------------------------------------------------------------------- */

/* What a task of a request does is known, and belongs to it. */
static __always_inline int live_has_tasks(const struct rp_live *l)
{
	return l->state == LIVE_BEGUN || l->state == LIVE_AFTER;
}

/* Requests whose work after the end is over, too, a bit for each slot: whoever has room for the calls ends them by live_over(). */
extern __u64 live_done;
int live_over(void);

/* End a request that is recorded (request_end for a slot at hand). */
__hidden void live_end(struct rp_live *l, __u32 slot, __u64 end_ns, __u32 how);

extern __u32 live_active;   /* of them those that --max-live counts: whose response is not complete */
extern __u32 live_requests; /* slots in use: the flag test of the scheduler programs; user space reads it too */

/* ---- event_wait.bpf.c -------------------------------------------------------------------------------------------- */

/* Is this system call an event wait: epoll, io_uring_enter, poll or select on more than one descriptor? Else the one descriptor that it
 * waits for goes to *fd (−1 = none) and its timeout to *timeout_ns. */
__hidden int event_wait(struct task_struct *task, __s32 nr, const __u64 args[6], __s32 *fd, __u64 *timeout_ns);

#define EPOLL_UNKNOWN 0         /* not level-triggered in an epoll set: nothing can be told */
#define EPOLL_QUEUED 1          /* still on the ready list: epoll_wait was not called since it reported the socket */
#define EPOLL_TAKEN 2           /* no longer on it: it was */

/* Was epoll_wait called since it reported this socket as readable, even without blocking? */
int epoll_state(__u64 sk);

/* ---- sample.bpf.c ------------------------------------------------------------------------------------------------ */

/* Ask for samples on this CPU: perf events by the arming thread, a timer until they run. */
int sampling_start(__u64 now);

/* The same without the timer. */
__hidden int sampling_ask(__u64 now);

/* The last request is over. */
__hidden void sampling_stop(__u64 now);

/* ---- stack.bpf.c ------------------------------------------------------------------------------------------------- */

#define STACK_TICK 0            /* perf event: own per-CPU buffer, it may interrupt the others */
#define STACK_SWITCH 1          /* scheduler tracepoint: own per-CPU buffer, interrupts are off */
#define STACK_TIMER 2           /* timer callback: own per-CPU buffer, user part only */
#define STACK_CONTEXTS 3

/* Take the stack of the current thread (prev of a switch), send it unless this request has it already. Its id, 0 = none could be had.
 * ctx: the program's context, NULL = no kernel part (a timer callback has none). *ret_kernel: the number of kernel frames. */
__hidden __u64 stack_take(void *ctx, __u32 serial, __u32 context, __u32 *ret_kernel);

/* Send a stack taken at the begin or at a write: it stands for a slice of the thread that no tick hits. For programs that another one on the same
 * CPU can preempt, in two parts: that of the kernel into a buffer, which is what needs ctx; the rest, from its number. */
__hidden __u32 stack_begin(void *ctx);
int stack_send_edge(__u32 buffer, struct rp_live *l, struct rp_worker *w, __u64 now);

/* Send the code object of a frame that an event names without a stack, unless it has been sent. Global, so that the verifier looks at it once. */
int stack_send_code(__u32 pid, __u64 code, __u32 check);

/* The Python frames of the current thread, as what a request's loop does for others. */
__u64 stack_take_others(__u32 serial);

/* The outermost coroutine that the current thread runs, its task's: its address, 0 = it runs none. */
__u64 stack_coroutine(void);

/* ---- object.bpf.c ------------------------------------------------------------------------------------------------ */

/* Describe the file behind a descriptor of `task`. OBJECT_SLACK bytes must be writable behind *o. */
__hidden void object_describe(struct task_struct *task, __s32 fd, struct rp_object *o);

/* The socket behind one, NULL = it is none. */
__hidden struct sock *object_socket(struct task_struct *task, __s32 fd);

#endif
