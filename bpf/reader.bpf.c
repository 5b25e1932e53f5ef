// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which processes are followed, and the threads in them that read requests: how many of those have no complete response yet. */
#include "request.bpf.h"

/* Followed processes: in the storage of the group leader, so that every thread finds it. Filled by user space at attach, by fork later. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} followed_tasks SEC(".maps");

struct leaderless {
	__u64 since;            /* begin of the process, which is copied with its number: another one may have that later */
	__u32 mark;
	__u32 pad;
};

/* The marks of those whose first thread has ended while others live on, by their number. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct leaderless);
} leaderless SEC(".maps");

/* Reader records that were used and are free again; `readers_used` counts those that were ever taken. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, RP_MAX_READERS);
	__type(value, __u32);
} free_readers SEC(".maps");

#define HURRY_READS 64
#define HURRY_NS 12800000ULL    /* for so many: 200 us each, of which reading a response would be 1 us */

__u32 followed_processes = 0;   /* gauge; user space adds those that it marks */
__u32 processes_on_sockets = 0; /* gauge: … whose requests are looked for on their sockets */
__u32 leaving_sockets = 0;      /* process; set by user space for leave_sockets */
__u32 readers_used = 1;         /* 0 means none */
__u64 followed_bits[FOLLOWED_WORDS] __attribute__((aligned(64))) = {};

/* ---- followed processes ------------------------------------------------------------------------------------------ */

__hidden int followed(struct task_struct *task)
{
	__u32 *mark = bpf_task_storage_get(&followed_tasks, task->group_leader, 0, 0);

	return mark && *mark != RP_FOLLOWED_GONE;
}

__hidden int followed_on_sockets(struct task_struct *task)
{
	__u32 *mark = bpf_task_storage_get(&followed_tasks, task->group_leader, 0, 0);

	return mark && *mark == RP_FOLLOWED;
}

__hidden void follow_note(const struct task_struct *task)
{
	__u32 pid = task->tgid;

	__sync_fetch_and_or(&followed_bits[pid / 64 % FOLLOWED_WORDS], 1ULL << pid % 64);
}

__hidden void follow_child(struct task_struct *parent, struct task_struct *child)
{
	__u32 mark = followed_on_sockets(parent) ? RP_FOLLOWED : RP_FOLLOWED_CALLS;

	if (!bpf_task_storage_get(&followed_tasks, child, &mark, BPF_LOCAL_STORAGE_GET_F_CREATE)) {
		COUNT(storage_failed);
		return;
	}
	follow_note(child);
	__sync_fetch_and_add(&followed_processes, 1);
	if (mark == RP_FOLLOWED)
		__sync_fetch_and_add(&processes_on_sockets, 1);
}

static __always_inline void uncount(__u32 mark)
{
	if (mark != RP_FOLLOWED_GONE)
		__sync_fetch_and_add(&followed_processes, -1);
	if (mark == RP_FOLLOWED)
		__sync_fetch_and_add(&processes_on_sockets, -1);
}

/* Another thread than the first one that calls exec takes over its number, not its storage (fs/exec.c, de_thread()): that one has ended before. */
__hidden void follow_leaderless(struct task_struct *leader)
{
	volatile __u32 *mark = bpf_task_storage_get(&followed_tasks, leader, 0, 0);
	struct leaderless kept = {.since = leader->start_boottime};
	__u32 pid = leader->tgid;

	if (!mark || *mark == RP_FOLLOWED_GONE)
		return;
	kept.mark = *mark;
	if (bpf_map_update_elem(&leaderless, &pid, &kept, BPF_ANY))
		COUNT(storage_failed);
	if (*mark == RP_FOLLOWED_GONE) /* the last thread has ended meanwhile */
		bpf_map_delete_elem(&leaderless, &pid);
}

__hidden void follow_exec(struct task_struct *task)
{
	__u32 pid = task->tgid;
	struct leaderless *kept = bpf_map_lookup_elem(&leaderless, &pid);

	if (!kept)
		return;
	if (kept->since == task->start_boottime &&
	    !bpf_task_storage_get(&followed_tasks, task, &kept->mark, BPF_LOCAL_STORAGE_GET_F_CREATE)) {
		COUNT(storage_failed);
		uncount(kept->mark);
	}
	bpf_map_delete_elem(&leaderless, &pid);
}

/* The last thread of a process ends. Two that end at the same time may both say so: the mark counts once. */
__hidden void unfollow(struct task_struct *task)
{
	__u32 *mark = bpf_task_storage_get(&followed_tasks, task->group_leader, 0, 0), pid = task->tgid;

	if (!mark)
		return;
	uncount(__sync_lock_test_and_set(mark, RP_FOLLOWED_GONE));
	bpf_map_delete_elem(&leaderless, &pid);
}

/* From now on the requests of a process are what a handler's calls are. Here, as it may exit meanwhile. */
SEC("?iter/task")
int leave_sockets(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct leaderless *kept;
	__u32 *mark, pid = leaving_sockets;

	if (!task || (__u32)task->tgid != pid)
		return 0;
	kept = bpf_map_lookup_elem(&leaderless, &pid);
	if (kept)
		kept->mark = RP_FOLLOWED_CALLS;
	mark = bpf_task_storage_get(&followed_tasks, task->group_leader, 0, 0);
	if (mark && __sync_val_compare_and_swap(mark, RP_FOLLOWED, RP_FOLLOWED_CALLS) == RP_FOLLOWED)
		__sync_fetch_and_add(&processes_on_sockets, -1);
	return 0;
}

/* ---- threads that read requests ---------------------------------------------------------------------------------- */

static __always_inline __u32 reader_new(void)
{
	struct rp_reader *r;
	__u32 index;

	if (bpf_map_pop_elem(&free_readers, &index)) {
		if (readers_used >= RP_MAX_READERS)
			return 0;
		index = __sync_fetch_and_add(&readers_used, 1);
	}
	r = reader_at(index);
	if (!r)
		return 0;
	__builtin_memset(r, 0, sizeof *r);
	r->tid = bpf_get_current_pid_tgid();
	return index;
}

static __always_inline void reader_free(__u32 index)
{
	bpf_map_push_elem(&free_readers, &index, BPF_ANY);
}

/* The thread is gone; its record lives on while a response to something that it read is owed. */
__hidden void reader_orphan(struct task_struct *task)
{
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, 0);
	struct rp_reader *r = t ? reader_at(t->reader) : NULL;

	if (!r)
		return;
	r->tid = 0;
	if (__sync_val_compare_and_swap(&r->orphan, 0, 1) == 0 && r->unfinished <= 0 &&
	    __sync_val_compare_and_swap(&r->orphan, 1, 2) == 1)
		reader_free(t->reader);
	t->reader = 0;
}

struct flight {
	__u32 reader, unfinished;
};

static long note_flight(__u32 slot, struct flight *f)
{
	struct rp_live *l = live_slot(slot);

	if (l && l->state != LIVE_FREE && l->reader == f->reader && l->in_flight_max < f->unfinished)
		l->in_flight_max = f->unfinished;
	return 0;
}

/* The thread has been the request's alone. */
static __always_inline void share_thread(struct rp_worker *w, __u64 now)
{
	struct rp_live *l = live_slot(w->slot);

	if (l && l->work == WORK_READ && python_processes)
		claim_collects(w->slot, 1);
	worker_release(w, l, now, l && l->collects ? RP_RELEASE_CONTEXT : RP_RELEASE_OTHER_REQUEST);
}

/* The current thread's; 0 = there is none. */
static __always_inline __u32 thread_reader(__u32 turns)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct rp_thread *t = bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct rp_worker *w = live_requests ? worker_of(task) : NULL;
	__u64 now = w ? bpf_ktime_get_ns() : 0;

	if (w && !(contextual_requests && context_read(now)))
		share_thread(w, now);
	if (!t) {
		COUNT(storage_failed);
		return 0;
	}
	t->turns_open += turns;
	t->seed = 0;
	if (!t->reader)
		t->reader = reader_new();
	if (!t->reader)
		COUNT(readers_full);
	return t->reader;
}

/* Is a thread's record all that a read needs of it, and this one the current thread's? */
static __always_inline int is_own(const struct rp_reader *r)
{
	return r && !live_requests && !python_processes && r->tid == (__u32)bpf_get_current_pid_tgid();
}

__u32 request_read(__u32 last, __u32 turns)
{
	struct rp_reader *r = reader_at(last);
	__u32 index = last;

	COUNT_OFTEN(requests);
	COUNT_OFTEN(in_flight);
	if (turns || !is_own(r)) {
		index = thread_reader(turns);
		r = reader_at(index);
	}
	if (!r)
		return 0;
	__sync_fetch_and_add(&r->unfinished, 1);
	if (r->live) {
		struct flight f = {.reader = index, .unfinished = r->unfinished};

		bpf_loop(RP_MAX_LIVE, note_flight, &f, 0);
	}
	return index | (r->hurried ? RP_READ_HURRIED : 0) | (++r->reads % HURRY_READS ? 0 : RP_READ_PACE);
}

int request_pace(__u32 reader, __u64 arrived_ns)
{
	struct rp_reader *r = reader_at(reader);

	if (!r || !arrived_ns)
		return 0;
	r->hurried = arrived_ns - r->arrived_ns < HURRY_NS;
	r->arrived_ns = arrived_ns;
	return 0;
}

int request_answered(__u32 reader)
{
	struct rp_reader *r = reader_at(reader);

	count_often(RP_COUNT_in_flight, -1);
	if (r && __sync_fetch_and_add(&r->unfinished, -1) == 1 && r->orphan && __sync_val_compare_and_swap(&r->orphan, 1, 2) == 1)
		reader_free(reader);
	return 0;
}

/* Up to 4 ms behind inside a slice (the scheduler's tick), exact at switches: good enough for what is marked as estimated. */
__hidden __u64 thread_cpu_clock(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return BPF_CORE_READ(task, se.sum_exec_runtime);
}
