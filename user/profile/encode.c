/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "profile.pb-c.h"
#include "profile/message.h"

/* Strings of a profile are interned: the pointer is the string. */
struct string_number {
	UT_hash_handle hh;
	const char *string;
	uint32_t number;
};

struct encoder {
	struct string_number *strings;
	uint32_t n_strings;
	void **memory;          /* everything that the message points to */
	size_t n_memory, cap_memory;
};

static void *take(struct encoder *e, size_t n, size_t size)
{
	GROW(e->memory, e->n_memory, e->cap_memory);
	return e->memory[e->n_memory++] = xcalloc(n, size);
}

static uint32_t number(struct encoder *e, const char *string)
{
	struct string_number *found;

	if (!string)
		return 0;
	HASH_FIND_PTR(e->strings, &string, found);
	if (!found) {
		found = take(e, 1, sizeof *found);
		found->string = string;
		found->number = ++e->n_strings;
		HASH_ADD_PTR(e->strings, string, found);
	}
	return found->number;
}

/* Fill one column of a message: `value` may use i. */
#define COLUMN(message, field, n, value)                                              \
	do {                                                                          \
		(message)->n_##field = (n);                                           \
		(message)->field = take(e, (n), sizeof *(message)->field);            \
		for (size_t i = 0; i < (n); i++)                                      \
			(message)->field[i] = (value);                                \
	} while (0)

static Pb__Request *encode_request(struct encoder *e, const struct request *r)
{
	Pb__Request *m = take(e, 1, sizeof *m);

	pb__request__init(m);
	m->id = (char *)r->id;
	m->source = r->source;
	m->method = number(e, r->method);
	m->target = number(e, r->target);
	m->http_version = number(e, r->http_version);
	m->local = number(e, r->local);
	m->remote = number(e, r->remote);
	m->marker = number(e, r->marker);
	m->trace_id = number(e, r->trace_id);
	m->status = r->status;
	m->pid = r->pid;
	m->comm = number(e, r->comm);
	m->bytes_in = r->bytes_in;
	m->bytes_out = r->bytes_out;
	m->start_ns = r->start_ns;
	m->utc_offset_s = r->utc_offset_s;
	m->begin = r->begin;
	m->end = r->end;
	COLUMN(m, mark_t, r->n_marks, r->marks[i].t);
	COLUMN(m, mark_kind, r->n_marks, r->marks[i].kind);
	return m;
}

static Pb__Time *encode_time(struct encoder *e, const struct time_split *t)
{
	Pb__Time *m = take(e, 1, sizeof *m);

	pb__time__init(m);
	m->wall_ns = t->wall_ns;
	COLUMN(m, classes_ns, N_TIME_CLASSES, t->classes_ns[i]);
	m->network_estimated = t->network_estimated;
	m->socket_queue_ns = t->socket_queue_ns;
	m->pipeline_queue_ns = t->pipeline_queue_ns;
	m->ambiguous_ns = t->ambiguous_ns;
	m->in_flight_max = t->in_flight_max;
	return m;
}

static void encode_threads(struct encoder *e, Pb__Work *m, const struct work *w)
{
	COLUMN(m, thread_pid, w->n_threads, w->threads[i].pid);
	COLUMN(m, thread_tid, w->n_threads, w->threads[i].tid);
	COLUMN(m, thread_comm, w->n_threads, number(e, w->threads[i].comm));
	COLUMN(m, thread_name, w->n_threads, number(e, w->threads[i].name));
	COLUMN(m, thread_cpu_ns, w->n_threads, w->threads[i].cpu_ns);
	COLUMN(m, thread_wait_ns, w->n_threads, w->threads[i].wait_ns);
	COLUMN(m, thread_gil_held_ns, w->n_threads, w->threads[i].gil_held_ns);
}

static void encode_samples(struct encoder *e, Pb__Work *m, const struct work *w)
{
	COLUMN(m, sample_t, w->n_samples, w->samples[i].t);
	COLUMN(m, sample_weight_ns, w->n_samples, w->samples[i].weight_ns);
	COLUMN(m, sample_thread, w->n_samples, w->samples[i].thread);
	COLUMN(m, sample_task, w->n_samples, w->samples[i].task);
	COLUMN(m, sample_stack, w->n_samples, w->samples[i].stack);
	COLUMN(m, sample_flags, w->n_samples,
	       w->samples[i].bound | (uint32_t)w->samples[i].kernel << 3 | (uint32_t)w->samples[i].edge << 4);
}

static void encode_waits(struct encoder *e, Pb__Work *m, const struct work *w)
{
	COLUMN(m, wait_t, w->n_waits, w->waits[i].t);
	COLUMN(m, wait_duration_ns, w->n_waits, w->waits[i].duration_ns);
	COLUMN(m, wait_runnable_ns, w->n_waits, w->waits[i].runnable_ns);
	COLUMN(m, wait_thread, w->n_waits, w->waits[i].thread);
	COLUMN(m, wait_task, w->n_waits, w->waits[i].task);
	COLUMN(m, wait_stack, w->n_waits, w->waits[i].stack);
	COLUMN(m, wait_cause, w->n_waits, w->waits[i].cause);
	COLUMN(m, wait_object, w->n_waits, number(e, w->waits[i].object));
	COLUMN(m, wait_has_waker, w->n_waits, w->waits[i].has_waker);
	COLUMN(m, waker_pid, w->n_waits, w->waits[i].waker.pid);
	COLUMN(m, waker_tid, w->n_waits, w->waits[i].waker.tid);
	COLUMN(m, waker_comm, w->n_waits, number(e, w->waits[i].waker.comm));
	COLUMN(m, waker_stack, w->n_waits, w->waits[i].waker.stack);
}

static Pb__Work *encode_work(struct encoder *e, const struct work *w)
{
	Pb__Work *m = take(e, 1, sizeof *m);

	pb__work__init(m);
	encode_threads(e, m, w);
	encode_samples(e, m, w);
	encode_waits(e, m, w);
	return m;
}

static void encode_tables(struct encoder *e, Pb__Profile *m, const struct profile *p)
{
	m->frames = take(e, 1, sizeof *m->frames);
	pb__frames__init(m->frames);
	COLUMN(m->frames, function, p->n_frames, number(e, p->frames[i].function));
	COLUMN(m->frames, file, p->n_frames, number(e, p->frames[i].file));
	COLUMN(m->frames, module, p->n_frames, number(e, p->frames[i].module));
	COLUMN(m->frames, line, p->n_frames, p->frames[i].line);
	COLUMN(m->frames, kind, p->n_frames, p->frames[i].kind);
	COLUMN(m->frames, inlined, p->n_frames, p->frames[i].inlined);
	m->stacks = take(e, 1, sizeof *m->stacks);
	pb__stacks__init(m->stacks);
	COLUMN(m->stacks, parent, p->n_stacks, p->stacks[i].parent);
	COLUMN(m->stacks, frame, p->n_stacks, p->stacks[i].frame);
	COLUMN(m, task_ids, p->n_tasks, number(e, p->tasks[i].id));
	COLUMN(m, task_names, p->n_tasks, number(e, p->tasks[i].name));
}

static Pb__Awaits *encode_awaits(struct encoder *e, const struct profile *p)
{
	Pb__Awaits *m = take(e, 1, sizeof *m);

	pb__awaits__init(m);
	COLUMN(m, t, p->n_awaits, p->awaits[i].t);
	COLUMN(m, duration_ns, p->n_awaits, p->awaits[i].duration_ns);
	COLUMN(m, task, p->n_awaits, p->awaits[i].task);
	COLUMN(m, stack, p->n_awaits, p->awaits[i].stack);
	COLUMN(m, cause, p->n_awaits, p->awaits[i].cause);
	COLUMN(m, object, p->n_awaits, number(e, p->awaits[i].object));
	COLUMN(m, suspended_ns, p->n_awaits, p->awaits[i].suspended_ns);
	return m;
}

static Pb__LoopBusy *encode_loop_busy(struct encoder *e, const struct profile *p)
{
	Pb__LoopBusy *m = take(e, 1, sizeof *m);

	pb__loop_busy__init(m);
	COLUMN(m, duration_ns, p->n_loop_busy, p->loop_busy[i].duration_ns);
	COLUMN(m, request, p->n_loop_busy, number(e, p->loop_busy[i].request));
	COLUMN(m, function, p->n_loop_busy, number(e, p->loop_busy[i].function));
	COLUMN(m, file, p->n_loop_busy, number(e, p->loop_busy[i].file));
	COLUMN(m, line, p->n_loop_busy, p->loop_busy[i].line);
	COLUMN(m, gil, p->n_loop_busy, p->loop_busy[i].gil);
	return m;
}

static Pb__Sources *encode_sources(struct encoder *e, const struct profile *p)
{
	Pb__Sources *m = take(e, 1, sizeof *m);

	pb__sources__init(m);
	COLUMN(m, file, p->n_sources, number(e, p->sources[i].file));
	COLUMN(m, first_line, p->n_sources, p->sources[i].first_line);
	COLUMN(m, text, p->n_sources, number(e, p->sources[i].text));
	COLUMN(m, error, p->n_sources, number(e, p->sources[i].error));
	COLUMN(m, newer, p->n_sources, p->sources[i].newer);
	return m;
}

static Pb__Merged *encode_merged(struct encoder *e, const struct profile *p)
{
	Pb__Merged *m;

	if (!p->n_merged)
		return NULL;
	m = take(e, 1, sizeof *m);
	pb__merged__init(m);
	COLUMN(m, id, p->n_merged, p->merged[i].id);
	COLUMN(m, wall_ns, p->n_merged, p->merged[i].wall_ns);
	COLUMN(m, status, p->n_merged, p->merged[i].status);
	COLUMN(m, end, p->n_merged, p->merged[i].end);
	return m;
}

static Pb__Lost *encode_lost(struct encoder *e, const struct lost *l)
{
	Pb__Lost *m = take(e, 1, sizeof *m);

	pb__lost__init(m);
	m->samples = l->samples;
	m->waits = l->waits;
	m->stacks_truncated = l->stacks_truncated;
	m->frames_unknown = l->frames_unknown;
	m->events_dropped = l->events_dropped;
	m->refused_live = l->refused_live;
	m->refused_rate = l->refused_rate;
	return m;
}

static Pb__About *encode_about(struct encoder *e, const struct about *a)
{
	Pb__About *m = take(e, 1, sizeof *m);

	pb__about__init(m);
	m->version = number(e, a->version);
	m->command = number(e, a->command);
	m->host = number(e, a->host);
	m->kernel = number(e, a->kernel);
	m->event = number(e, a->event);
	m->interrupt = number(e, a->interrupt);
	m->arming = number(e, a->arming);
	m->program = number(e, a->program);
	m->runtime = number(e, a->runtime);
	m->interval_ns = a->interval_ns;
	m->overhead_ns = a->overhead_ns;
	m->ticks = a->ticks;
	m->edges = a->edges;
	COLUMN(m, bound, sizeof a->bound / sizeof *a->bound, a->bound[i]);
	m->workers_refused = a->workers_refused;
	m->keeps_url = a->keeps_url;
	m->redacted = a->redacted;
	COLUMN(m, executable_path, a->n_executables, number(e, a->executables[i].path));
	COLUMN(m, executable_build_id, a->n_executables, number(e, a->executables[i].build_id));
	COLUMN(m, executable_rows, a->n_executables, a->executables[i].rows);
	COLUMN(m, truncation_reason, a->n_truncations, number(e, a->truncations[i].reason));
	COLUMN(m, truncation_stacks, a->n_truncations, a->truncations[i].stacks);
	return m;
}

/* Last: by now every string has its number. */
static void encode_strings(struct encoder *e, Pb__Profile *m)
{
	m->n_strings = e->n_strings;
	m->strings = take(e, e->n_strings, sizeof *m->strings);
	for (struct string_number *s = e->strings; s; s = s->hh.next) {
		m->strings[s->number - 1].data = (uint8_t *)s->string;
		m->strings[s->number - 1].len = strlen(s->string);
	}
}

size_t message_encode(const struct profile *p, uint8_t **ret)
{
	struct encoder encoder = {0}, *e = &encoder;
	Pb__Profile m = PB__PROFILE__INIT;
	size_t n;

	m.request = encode_request(e, &p->request);
	m.time = encode_time(e, &p->time);
	m.work = encode_work(e, &p->work);
	m.after = p->after ? encode_work(e, p->after) : NULL;
	encode_tables(e, &m, p);
	m.awaits = encode_awaits(e, p);
	m.loop_busy = encode_loop_busy(e, p);
	m.merged = encode_merged(e, p);
	m.sources = p->about.keeps_sources ? encode_sources(e, p) : NULL;
	m.lost = encode_lost(e, &p->lost);
	m.about = encode_about(e, &p->about);
	encode_strings(e, &m);
	n = pb__profile__get_packed_size(&m);
	*ret = xcalloc(n, 1);
	pb__profile__pack(&m, *ret);
	HASH_CLEAR(hh, e->strings);
	while (e->n_memory)
		free(e->memory[--e->n_memory]);
	free(e->memory);
	return n;
}
