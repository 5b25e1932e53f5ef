// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The Python part of a stack: the frames that the interpreter runs, beside the native ones. User space puts them together. */
#include "python.bpf.h"

/* ---- thread states --------------------------------------------------------------------------------------------------- */

struct python_search {
	const struct rp_python *py;
	__u64 id;               /* wanted */
	__u64 interpreter, state;
	__u64 found;
	__u64 *running;         /* [PYTHON_STATES]: for those that run something; NULL = not wanted */
	__u32 *n;               /* their number, in map memory: see http.bpf.h */
};

static long python_search_step(__u32 i, struct python_search *s)
{
	if (!s->state) { /* the next interpreter */
		s->interpreter = python_pointer(i ? s->interpreter + s->py->interpreter_next : s->py->runtime + s->py->interpreters);
		if (!s->interpreter)
			return 1;
		s->state = python_pointer(s->interpreter + s->py->interpreter_threads);
		return 0;
	}
	if (python_pointer(s->state + s->py->thread_id) == s->id) {
		__u64 frame = python_top_frame(s->py, s->state);

		if (frame || !s->found)
			s->found = s->state;
		if (frame && s->running)
			s->running[(*s->n)++ & (PYTHON_STATES - 1)] = s->state;
		s->state = 0; /* a thread has one in each interpreter that it has been in */
		return s->running && *s->n == PYTHON_STATES;
	}
	s->state = python_pointer(s->state + s->py->thread_next);
	return 0;
}

__u64 python_search(__u64 id)
{
	struct python_search s = {.py = python_of(bpf_get_current_pid_tgid() >> 32), .id = id};

	if (s.py)
		bpf_loop(PYTHON_THREADS_MAX, python_search_step, &s, 0);
	return s.found;
}

/* What the current thread runs in several interpreters: python_states[]. Global, as python_search(). */
int unwind_python_states(struct unwind *u)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct python_search s = {.py = python_of(task->tgid), .id = BPF_CORE_READ(task, thread.fsbase)};

	if (!u || !s.py || !s.id)
		return 0;
	s.running = u->python_states;
	s.n = &u->n_python_states;
	bpf_loop(PYTHON_THREADS_MAX, python_search_step, &s, 0);
	return 0;
}

/* ---- frames ---------------------------------------------------------------------------------------------------------- */

struct python_walk {
	struct unwind *u;
	const struct rp_python *py;
};

/* Behind the addresses of the native part, two words each. */
static __always_inline int push(struct unwind *u, const struct rp_python_frame *f)
{
	__u32 n = u->n_python, at = u->n + 2 * n;

	if (n >= RP_MAX_PYTHON_FRAMES)
		return -1;
	u->addresses[at & (UNWIND_WORDS - 1)] = f->code;
	u->addresses[(at + 1) & (UNWIND_WORDS - 1)] = (__u64)f->check << 32 | f->instr;
	u->hash = hash_add(hash_add(u->hash, f->code ^ (__u64)f->check << 32), f->instr);
	u->n_python = n + 1;
	return 0;
}

/* The frame pushed last is the outermost of its evaluation loop. */
static __always_inline void mark_entry(struct unwind *u)
{
	__u32 at = u->n + 2 * u->n_python - 1;

	if (u->n_python)
		u->addresses[at & (UNWIND_WORDS - 1)] |= RP_PYTHON_ENTRY;
}

#define LOOPS_TRIED 2

/* An evaluation loop of 3.11 and 3.12 shows its _PyCFrame before all of it is set; what stands there is from another one, and its frames may be gone.
 * Where a loop begins to run Python its own frames must lead to those outside of it. If they do not there are none yet, and the loop outside of it is
 * taken; if that is no better nothing is known. */
static __always_inline int walk_outer(struct unwind *u, const struct rp_python *py)
{
	if (!u->python_unsure)
		return 0;
	u->hash = u->python_hash;
	u->n_python = 0;
	u->coroutine = 0;
	u->python_frame = --u->python_unsure ? u->python_outer : 0;
	if (!u->python_unsure)
		u->python_flags |= RP_STACK_PYTHON_BROKEN;
	u->python_cframe = python_pointer(u->python_cframe + py->cframe_previous);
	u->python_outer = python_outer_frame(py, u->python_cframe);
	return 1;
}

/* What the thread runs in the interpreter from which it has entered the one whose frames have come to their end. */
static __always_inline int walk_state(struct unwind *u, const struct rp_python *py)
{
	__u32 at = u->python_states_walked;

	if (at >= u->n_python_states)
		return 0;
	u->python_states_walked = at + 1;
	u->python_frame = python_top_frame(py, u->python_states[at & (PYTHON_STATES - 1)]);
	return 1;
}

static long walk_step(__u32 i, struct python_walk *w)
{
	struct unwind *u = w->u;
	struct python_frame f;

	if (!u->python_frame) {
		int has_begun = u->n_python || u->python_unsure == LOOPS_TRIED; /* else the thread's first loop is beginning */

		return !(has_begun && walk_outer(u, w->py)) && !walk_state(u, w->py);
	}
	if (python_read_frame(w->py, u->python_frame, &u->python, &f)) {
		if (walk_outer(u, w->py))
			return 0;
		u->python_flags |= RP_STACK_PYTHON_BROKEN;
		return 1;
	}
	if (f.is_shim || f.out.instr & RP_PYTHON_ENTRY) {
		if (f.previous != u->python_outer && walk_outer(u, w->py))
			return 0;
		u->python_unsure = 0;
	}
	if (f.is_shim) {
		mark_entry(u);
	} else if (f.out.code) {
		if (push(u, &f.out)) {
			u->python_flags |= RP_STACK_PYTHON_DEPTH;
			return 1;
		}
		if (f.coroutine)
			u->coroutine = f.coroutine;
	}
	u->python_frame = f.previous;
	return 0;
}

/* ---- what a coroutine awaits ---------------------------------------------------------------------------------------- */

#define AWAITS_MAX 64

/* The object on top of a frame's stack, whose bytes are in u->python: of a suspended frame what it awaits. */
static __always_inline __u64 stack_top(const struct rp_python *py, const struct unwind *u, __u64 frame)
{
	const struct python_scratch *s = &u->python;
	__u64 end;

	if (py->flags & RP_PYTHON_STACK_INDEX)
		end = frame + py->frame_locals + 8LL * python_int(s, py->frame_stack_top);
	else if (py->flags & RP_PYTHON_STACK_DEPTH)
		end = python_word(s, py->frame_value_stack) + 8LL * python_int(s, py->frame_stack_top);
	else
		end = python_word(s, py->frame_stack_top);
	return python_object(py, python_pointer(end - 8));
}

/* The first argument of a frame, for what it tells of a wait: the seconds of a sleep. */
static __always_inline void read_local(const struct rp_python *py, struct unwind *u, __u64 frame)
{
	__u64 object = python_object(py, python_pointer(frame + py->frame_locals));

	u->local_type = object ? python_pointer(object + OBJECT_TYPE) : 0;
	u->local = object ? python_pointer(object + OBJECT_HEAD) : 0;
	u->local_2 = object ? python_pointer(object + OBJECT_HEAD + 8) : 0;
}

/* Where the frame of a suspended coroutine is; 0: it is not suspended, u->suspended says what else it is. */
static __always_inline __u64 suspended_frame(const struct rp_python *py, struct unwind *u, __u64 coroutine)
{
	__u64 frame = coroutine + py->generator_frame;
	__s8 state = 0;

	if (py->generator_state == RP_PYTHON_NONE) {
		frame = python_pointer(frame);
		u->suspended = frame ? RP_TASK_SUSPENDED : RP_TASK_FINISHED;
		return frame;
	}
	bpf_probe_read_user(&state, sizeof state, (void *)(coroutine + py->generator_state));
	u->suspended = state < 0 ? RP_TASK_SUSPENDED : state > 0 ? RP_TASK_FINISHED : 0;
	return state < 0 ? frame : 0;
}

static long await_step(__u32 i, struct python_walk *w)
{
	struct unwind *u = w->u;
	struct python_frame f;
	__u64 frame;

	u->awaited_type = python_pointer(u->awaited + OBJECT_TYPE);
	if (u->awaited_type != w->py->coroutine_type)
		return 1;
	frame = suspended_frame(w->py, u, u->awaited);
	if (!frame || python_copy_frame(w->py, frame, &u->python))
		return 1;
	u->awaited = stack_top(w->py, u, frame);
	read_local(w->py, u, frame);
	if (python_read_frame(w->py, frame, &u->python, &f) || push(u, &f.out))
		return 1;
	return 0;
}

int unwind_awaits(struct unwind *u, __u32 pid)
{
	struct python_walk w = {.u = u, .py = python_of(pid)};

	if (!u)
		return 0;
	u->suspended = 0;
	u->awaited = u->coroutine;
	u->awaited_type = u->local = u->local_2 = u->local_type = 0;
	if (w.py && w.py->coroutine_type)
		bpf_loop(AWAITS_MAX, await_step, &w, 0);
	if (u->suspended == RP_TASK_FINISHED && u->awaited != u->coroutine)
		u->suspended = 0; /* what its coroutine awaits has ended: its thread goes on with it just now */
	return 0;
}

/* ---- a thread's frames ----------------------------------------------------------------------------------------------- */

int unwind_python(struct unwind *u, __u32 pid)
{
	struct python_walk w = {.u = u, .py = python_of(pid)};
	struct task_struct *task;
	struct rp_thread *t;

	if (!u)
		return 0;
	if (!w.py)
		return 0;
	task = bpf_get_current_task_btf();
	t = bpf_task_storage_get(&threads, task, 0, 0);
	u->python_state = python_thread_state(w.py, task, t ? &t->python_state : NULL);
	if (!u->python_state)
		return 0;
	u->n_python_states = 0;
	if (python_pointer(python_pointer(w.py->runtime + w.py->interpreters) + w.py->interpreter_next))
		unwind_python_states(u);
	if (u->n_python_states)
		u->python_state = u->python_states[0];
	u->python_states_walked = 1;
	u->python_frame = python_top_frame(w.py, u->python_state);
	u->python_cframe = w.py->cframe_frame == RP_PYTHON_NONE ? 0 : python_pointer(u->python_state + w.py->thread_frame);
	u->python_outer = python_outer_frame(w.py, u->python_cframe);
	u->python_unsure = u->python_cframe ? LOOPS_TRIED : 0;
	u->python_hash = u->hash;
	bpf_loop(2 * RP_MAX_PYTHON_FRAMES, walk_step, &w, 0);
	return 0;
}
