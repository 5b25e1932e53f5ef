/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file may come from anybody: every length, index and enumeration is checked, here or by profile_check. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "profile.pb-c.h"
#include "profile/message.h"

struct decoder {
	const Pb__Profile *message;
	struct profile *profile;
	const char **strings;   /* by number, [0] = NULL */
	const char *why;        /* what is wrong, NULL = nothing yet */
};

static void fail(struct decoder *d, const char *why)
{
	if (!d->why)
		d->why = why;
}

static const char *string(struct decoder *d, uint32_t number)
{
	if (number <= d->message->n_strings)
		return d->strings[number];
	fail(d, "a string is missing");
	return NULL;
}

/* All columns of a table have as many rows as the first. */
#define SAME_LENGTH(d, n, ...)                                                             \
	do {                                                                               \
		const size_t lengths_[] = {__VA_ARGS__};                                   \
		for (size_t i_ = 0; i_ < sizeof lengths_ / sizeof *lengths_; i_++)         \
			if (lengths_[i_] != (n))                                           \
				fail((d), "the columns of a table differ in length");      \
	} while (0)

static void decode_strings(struct decoder *d)
{
	const Pb__Profile *m = d->message;

	d->strings = xcalloc(m->n_strings + 1, sizeof *d->strings);
	for (size_t i = 0; i < m->n_strings; i++)
		d->strings[i + 1] = profile_string_n(d->profile, m->strings[i].data ? (const char *)m->strings[i].data : "", m->strings[i].len);
}

static void decode_marks(struct decoder *d, const Pb__Request *m)
{
	struct request *r = &d->profile->request;

	SAME_LENGTH(d, m->n_mark_t, m->n_mark_kind);
	if (m->n_mark_t > sizeof r->marks / sizeof *r->marks)
		fail(d, "too many marks");
	if (d->why)
		return;
	r->n_marks = m->n_mark_t;
	for (size_t i = 0; i < r->n_marks; i++)
		r->marks[i] = (struct mark){.t = m->mark_t[i], .kind = m->mark_kind[i]};
}

static void decode_request(struct decoder *d, const Pb__Request *m)
{
	struct request *r = &d->profile->request;

	if (strlen(m->id) != 6)
		fail(d, "the id is not 6 hex digits");
	else
		memcpy(r->id, m->id, 7);
	r->source = m->source;
	r->method = string(d, m->method);
	r->target = string(d, m->target);
	r->http_version = string(d, m->http_version);
	r->local = string(d, m->local);
	r->remote = string(d, m->remote);
	r->marker = string(d, m->marker);
	r->trace_id = string(d, m->trace_id);
	r->status = m->status;
	r->pid = m->pid;
	r->comm = string(d, m->comm);
	r->bytes_in = m->bytes_in;
	r->bytes_out = m->bytes_out;
	r->start_ns = m->start_ns;
	r->utc_offset_s = m->utc_offset_s;
	r->begin = m->begin;
	r->end = m->end;
	decode_marks(d, m);
}

/* A class that a newer version added would not be known here: new classes come with a new format version. */
static void decode_time(struct decoder *d, const Pb__Time *m)
{
	struct time_split *t = &d->profile->time;

	if (m->n_classes_ns != N_TIME_CLASSES)
		fail(d, "not the known classes of time");
	else
		memcpy(t->classes_ns, m->classes_ns, sizeof t->classes_ns);
	t->wall_ns = m->wall_ns;
	t->network_estimated = m->network_estimated;
	t->socket_queue_ns = m->socket_queue_ns;
	t->pipeline_queue_ns = m->pipeline_queue_ns;
	t->ambiguous_ns = m->ambiguous_ns;
	t->in_flight_max = m->in_flight_max;
}

static void decode_threads(struct decoder *d, const Pb__Work *m, struct work *w)
{
	size_t n = m->n_thread_pid;

	SAME_LENGTH(d, n, m->n_thread_tid, m->n_thread_comm, m->n_thread_name, m->n_thread_cpu_ns, m->n_thread_wait_ns, m->n_thread_gil_held_ns);
	for (size_t i = 0; i < n && !d->why; i++)
		*work_add_thread(w) = (struct thread){
			.pid = m->thread_pid[i], .tid = m->thread_tid[i], .comm = string(d, m->thread_comm[i]),
			.name = string(d, m->thread_name[i]), .cpu_ns = m->thread_cpu_ns[i], .wait_ns = m->thread_wait_ns[i],
			.gil_held_ns = m->thread_gil_held_ns[i],
		};
}

static void decode_samples(struct decoder *d, const Pb__Work *m, struct work *w)
{
	size_t n = m->n_sample_t;

	SAME_LENGTH(d, n, m->n_sample_weight_ns, m->n_sample_thread, m->n_sample_task, m->n_sample_stack, m->n_sample_flags);
	for (size_t i = 0; i < n && !d->why; i++)
		*work_add_sample(w) = (struct sample){
			.t = m->sample_t[i], .weight_ns = m->sample_weight_ns[i], .thread = m->sample_thread[i], .task = m->sample_task[i],
			.stack = m->sample_stack[i], .bound = m->sample_flags[i] & 7, .kernel = m->sample_flags[i] >> 3 & 1,
			.edge = m->sample_flags[i] >> 4 & 1,
		};
}

static void decode_waits(struct decoder *d, const Pb__Work *m, struct work *w)
{
	size_t n = m->n_wait_t;

	SAME_LENGTH(d, n, m->n_wait_duration_ns, m->n_wait_runnable_ns, m->n_wait_thread, m->n_wait_task, m->n_wait_stack, m->n_wait_cause,
		    m->n_wait_object, m->n_wait_has_waker, m->n_waker_pid, m->n_waker_tid, m->n_waker_comm, m->n_waker_stack);
	for (size_t i = 0; i < n && !d->why; i++)
		*work_add_wait(w) = (struct wait){
			.t = m->wait_t[i], .duration_ns = m->wait_duration_ns[i], .runnable_ns = m->wait_runnable_ns[i],
			.thread = m->wait_thread[i], .task = m->wait_task[i], .stack = m->wait_stack[i], .cause = m->wait_cause[i],
			.object = string(d, m->wait_object[i]), .has_waker = m->wait_has_waker[i],
			.waker = {m->waker_pid[i], m->waker_tid[i], string(d, m->waker_comm[i]), m->waker_stack[i]},
		};
}

static void decode_work(struct decoder *d, const Pb__Work *m, struct work *w)
{
	decode_threads(d, m, w);
	decode_samples(d, m, w);
	decode_waits(d, m, w);
}

static void decode_frames(struct decoder *d, const Pb__Frames *m)
{
	struct profile *p = d->profile;
	size_t n = m->n_function;

	SAME_LENGTH(d, n, m->n_file, m->n_module, m->n_line, m->n_kind, m->n_inlined);
	for (size_t i = 0; i < n && !d->why; i++) {
		struct frame f = {
			.function = string(d, m->function[i]), .file = string(d, m->file[i]), .module = string(d, m->module[i]),
			.line = m->line[i], .kind = m->kind[i], .inlined = m->inlined[i],
		};

		if (!f.function)
			fail(d, "a frame has no name");
		else if (profile_frame(p, &f) != (int32_t)i)
			fail(d, "a frame stands twice");
	}
}

static void decode_stacks(struct decoder *d, const Pb__Stacks *m)
{
	size_t n = m->n_parent;

	SAME_LENGTH(d, n, m->n_frame);
	for (size_t i = 0; i < n && !d->why; i++)
		if (profile_stack(d->profile, m->parent[i], m->frame[i]) != (int32_t)i)
			fail(d, "a stack stands twice");
}

static void decode_tasks(struct decoder *d)
{
	const Pb__Profile *m = d->message;
	struct profile *p = d->profile;

	SAME_LENGTH(d, m->n_task_ids, m->n_task_names);
	for (size_t i = 0; i < m->n_task_ids && !d->why; i++) {
		GROW(p->tasks, p->n_tasks, p->cap_tasks);
		p->tasks[p->n_tasks++] = (struct task){string(d, m->task_ids[i]), string(d, m->task_names[i])};
	}
}

static void decode_awaits(struct decoder *d, const Pb__Awaits *m)
{
	struct profile *p = d->profile;

	SAME_LENGTH(d, m->n_t, m->n_duration_ns, m->n_task, m->n_stack, m->n_cause, m->n_object, m->n_suspended_ns);
	for (size_t i = 0; i < m->n_t && !d->why; i++) {
		GROW(p->awaits, p->n_awaits, p->cap_awaits);
		p->awaits[p->n_awaits++] = (struct await){
			m->t[i], m->duration_ns[i], m->task[i], m->stack[i], m->cause[i], string(d, m->object[i]), m->suspended_ns[i],
		};
	}
}

static void decode_loop_busy(struct decoder *d, const Pb__LoopBusy *m)
{
	struct profile *p = d->profile;

	SAME_LENGTH(d, m->n_duration_ns, m->n_request, m->n_function, m->n_file, m->n_line, m->n_gil);
	for (size_t i = 0; i < m->n_duration_ns && !d->why; i++) {
		GROW(p->loop_busy, p->n_loop_busy, p->cap_loop_busy);
		p->loop_busy[p->n_loop_busy++] = (struct loop_busy){
			m->duration_ns[i], string(d, m->request[i]), string(d, m->function[i]), string(d, m->file[i]), m->line[i], m->gil[i],
		};
	}
}

static void decode_sources(struct decoder *d, const Pb__Sources *m)
{
	struct profile *p = d->profile;

	p->about.keeps_sources = true;
	SAME_LENGTH(d, m->n_file, m->n_first_line, m->n_text, m->n_error, m->n_newer);
	for (size_t i = 0; i < m->n_file && !d->why; i++) {
		GROW(p->sources, p->n_sources, p->cap_sources);
		p->sources[p->n_sources++] = (struct source_lines){
			string(d, m->file[i]), m->first_line[i], string(d, m->text[i]), string(d, m->error[i]), m->newer[i],
		};
	}
}

static void decode_merged(struct decoder *d, const Pb__Merged *m)
{
	struct profile *p = d->profile;

	SAME_LENGTH(d, m->n_id, m->n_wall_ns, m->n_status, m->n_end);
	for (size_t i = 0; i < m->n_id && !d->why; i++) {
		GROW(p->merged, p->n_merged, p->cap_merged);
		p->merged[p->n_merged] = (struct merged_request){.wall_ns = m->wall_ns[i], .status = m->status[i], .end = m->end[i]};
		memcpy(p->merged[p->n_merged++].id, m->id[i], strnlen(m->id[i], 6));
	}
}

static void decode_lost(struct decoder *d, const Pb__Lost *m)
{
	d->profile->lost = (struct lost){
		m->samples, m->waits, m->stacks_truncated, m->frames_unknown, m->events_dropped, m->refused_live, m->refused_rate,
	};
}

static void decode_executables(struct decoder *d, const Pb__About *m)
{
	struct about *a = &d->profile->about;

	SAME_LENGTH(d, m->n_executable_path, m->n_executable_build_id, m->n_executable_rows);
	for (size_t i = 0; i < m->n_executable_path && !d->why; i++) {
		GROW(a->executables, a->n_executables, a->cap_executables);
		a->executables[a->n_executables++] = (struct executable){
			string(d, m->executable_path[i]), string(d, m->executable_build_id[i]), m->executable_rows[i],
		};
	}
}

static void decode_truncations(struct decoder *d, const Pb__About *m)
{
	struct about *a = &d->profile->about;

	SAME_LENGTH(d, m->n_truncation_reason, m->n_truncation_stacks);
	for (size_t i = 0; i < m->n_truncation_reason && !d->why; i++) {
		GROW(a->truncations, a->n_truncations, a->cap_truncations);
		a->truncations[a->n_truncations++] = (struct truncation){string(d, m->truncation_reason[i]), m->truncation_stacks[i]};
	}
}

static void decode_about(struct decoder *d, const Pb__About *m)
{
	struct about *a = &d->profile->about;

	a->version = string(d, m->version);
	a->command = string(d, m->command);
	a->host = string(d, m->host);
	a->kernel = string(d, m->kernel);
	a->event = string(d, m->event);
	a->interrupt = string(d, m->interrupt);
	a->arming = string(d, m->arming);
	a->program = string(d, m->program);
	a->runtime = string(d, m->runtime);
	a->interval_ns = m->interval_ns;
	a->overhead_ns = m->overhead_ns;
	a->ticks = m->ticks;
	a->edges = m->edges;
	for (size_t i = 0; i < m->n_bound && i < sizeof a->bound / sizeof *a->bound; i++)
		a->bound[i] = m->bound[i];
	a->workers_refused = m->workers_refused;
	a->keeps_url = m->keeps_url;
	a->redacted = m->redacted;
	decode_executables(d, m);
	decode_truncations(d, m);
}

static void decode(struct decoder *d)
{
	const Pb__Profile *m = d->message;

	if (!m->request || !m->time || !m->work || !m->frames || !m->stacks || !m->awaits || !m->loop_busy || !m->lost || !m->about) {
		fail(d, "a part is missing");
		return;
	}
	decode_strings(d);
	decode_request(d, m->request);
	decode_time(d, m->time);
	decode_frames(d, m->frames);
	decode_stacks(d, m->stacks);
	decode_tasks(d);
	decode_work(d, m->work, &d->profile->work);
	if (m->after) {
		d->profile->after = xcalloc(1, sizeof *d->profile->after);
		decode_work(d, m->after, d->profile->after);
	}
	decode_awaits(d, m->awaits);
	decode_loop_busy(d, m->loop_busy);
	if (m->merged)
		decode_merged(d, m->merged);
	if (m->sources)
		decode_sources(d, m->sources);
	decode_lost(d, m->lost);
	decode_about(d, m->about);
	if (!d->why)
		d->why = profile_check(d->profile);
}

struct profile *message_decode(const uint8_t *bytes, size_t n, const char **ret_why)
{
	Pb__Profile *message = pb__profile__unpack(NULL, n, bytes);
	struct decoder d = {.message = message, .profile = profile_new()};

	if (message)
		decode(&d);
	else
		fail(&d, "damaged");
	if (message)
		pb__profile__free_unpacked(message, NULL);
	free(d.strings);
	if (!d.why)
		return d.profile;
	*ret_why = d.why;
	profile_free(d.profile);
	return NULL;
}
