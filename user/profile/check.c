/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every profile promises its readers. Files are checked with it, so nothing here may trust anything. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "profile/profile.h"

#define DAY_S 86400

#define CHECK(condition, what)                     \
	do {                                       \
		if (!(condition))                  \
			return what;               \
	} while (0)

static bool in_range(int32_t index, int32_t low, size_t n)
{
	return index >= low && (index < 0 || (size_t)index < n);
}

/* a + b, or the largest number if that does not fit. */
static uint64_t add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static const char *check_tables(const struct profile *p)
{
	for (size_t i = 0; i < p->n_frames; i++) {
		CHECK(p->frames[i].function, "a frame has no name");
		CHECK((unsigned)p->frames[i].kind < N_FRAME_KINDS, "a frame has an unknown kind");
	}
	for (size_t i = 0; i < p->n_stacks; i++) {
		CHECK(in_range(p->stacks[i].parent, -1, i), "a stack's parent does not stand before it");
		CHECK(in_range(p->stacks[i].frame, 0, p->n_frames), "a stack names no frame");
	}
	return NULL;
}

static const char *check_time(const struct time_split *t)
{
	uint64_t sum = 0;

	for (int i = 0; i < N_TIME_CLASSES; i++)
		sum = add(sum, t->classes_ns[i]);
	CHECK(sum == t->wall_ns, "the classes do not sum to the wall time");
	CHECK(t->ambiguous_ns <= t->wall_ns, "more is ambiguous than there is");
	CHECK(t->socket_queue_ns >= -1, "a negative time in the socket");
	return NULL;
}

static bool is_hex(const char *text, size_t n)
{
	return strspn(text, "0123456789abcdef") == n && !text[n];
}

static const char *check_request(const struct profile *p)
{
	const struct request *r = &p->request;

	CHECK(is_hex(r->id, 6), "the id is not 6 hex digits");
	CHECK(!r->trace_id || is_hex(r->trace_id, 32), "the trace id is not 32 hex digits");
	CHECK((unsigned)r->source <= SOURCE_HANDLER && (unsigned)r->begin <= BEGIN_JOINED && (unsigned)r->end <= END_CUT_OFF,
	      "an unknown source, begin or end");
	CHECK(r->status >= -1 && r->status <= 999, "the status is not one of HTTP");
	CHECK(r->start_ns >= 0 && r->utc_offset_s >= -DAY_S && r->utc_offset_s <= DAY_S, "the start is no time of day");
	CHECK(r->pid >= 0, "a process has a negative id");
	CHECK(r->n_marks <= sizeof r->marks / sizeof *r->marks, "too many marks");
	for (size_t i = 0; i < r->n_marks; i++)
		CHECK((unsigned)r->marks[i].kind < N_MARKS && r->marks[i].t <= p->time.wall_ns, "a mark is unknown or outside the request");
	for (size_t i = 1; i < r->n_marks; i++)
		CHECK(r->marks[i - 1].t <= r->marks[i].t, "the marks are not in order");
	return NULL;
}

static const char *check_threads(const struct work *w)
{
	for (size_t i = 0; i < w->n_threads; i++) {
		CHECK(w->threads[i].pid >= 0 && w->threads[i].tid >= 0, "a thread has a negative id");
		CHECK(w->threads[i].gil_held_ns >= -1, "a negative time with the GIL");
	}
	return NULL;
}

static const char *check_samples(const struct profile *p, const struct work *w, uint64_t wall_ns)
{
	for (size_t i = 0; i < w->n_samples; i++) {
		const struct sample *s = &w->samples[i];

		CHECK(in_range(s->thread, 0, w->n_threads) && in_range(s->task, -1, p->n_tasks) && in_range(s->stack, -1, p->n_stacks),
		      "a sample names no thread, task or stack");
		CHECK(s->t <= wall_ns, "a sample is outside the request");
		CHECK(!i || s[-1].t <= s->t, "the samples are not in order");
		CHECK(s->bound >= 1 && s->bound <= 4, "a sample is bound by no rung");
	}
	return NULL;
}

static const char *check_waits(const struct profile *p, const struct work *w, uint64_t wall_ns)
{
	for (size_t i = 0; i < w->n_waits; i++) {
		const struct wait *x = &w->waits[i];

		CHECK(in_range(x->thread, 0, w->n_threads) && in_range(x->task, -1, p->n_tasks) && in_range(x->stack, -1, p->n_stacks),
		      "a wait names no thread, task or stack");
		CHECK(add(x->t, add(x->duration_ns, x->runnable_ns)) <= wall_ns, "a wait is outside the request");
		CHECK(!i || x[-1].t <= x->t, "the waits are not in order");
		CHECK(x->cause >= TIME_run_queue && x->cause <= TIME_other_wait, "a wait has no cause");
		CHECK(!x->has_waker || in_range(x->waker.stack, -1, p->n_stacks), "a waker's stack is none");
	}
	return NULL;
}

static const char *check_sums(const struct profile *p, const struct work *w)
{
	_cleanup_free_ uint64_t *cpu = xcalloc(w->n_threads, sizeof *cpu), *waited = xcalloc(w->n_threads, sizeof *waited);

	for (size_t i = 0; i < w->n_samples; i++)
		cpu[w->samples[i].thread] = add(cpu[w->samples[i].thread], w->samples[i].weight_ns);
	for (size_t i = 0; i < w->n_waits; i++)
		waited[w->waits[i].thread] = add(waited[w->waits[i].thread], w->waits[i].duration_ns);
	for (size_t i = 0; i < w->n_threads; i++) {
		CHECK(w->threads[i].cpu_ns == cpu[i], "a thread's CPU time is not what its samples weigh");
		CHECK(w->threads[i].wait_ns == waited[i] || (p->lost.waits && w->threads[i].wait_ns > waited[i]),
		      "a thread's waiting time is not what its waits last");
	}
	return NULL;
}

static const char *check_work(const struct profile *p, const struct work *w, uint64_t wall_ns)
{
	const char *why = check_threads(w);

	if (!why)
		why = check_samples(p, w, wall_ns);
	if (!why)
		why = check_waits(p, w, wall_ns);
	return why ?: check_sums(p, w);
}

static const char *check_awaits(const struct profile *p)
{
	for (size_t i = 0; i < p->n_awaits; i++) {
		const struct await *a = &p->awaits[i];

		CHECK(in_range(a->task, 0, p->n_tasks) && in_range(a->stack, -1, p->n_stacks), "an await names no task or stack");
		CHECK(add(a->t, a->duration_ns) <= p->time.wall_ns, "an await is outside the request");
		CHECK(a->cause >= TIME_run_queue && a->cause <= TIME_other_wait, "an await has no cause");
	}
	return NULL;
}

static const char *check_loop_busy(const struct profile *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->n_loop_busy; i++) {
		CHECK(p->loop_busy[i].request || p->loop_busy[i].function, "an event loop is busy with nothing");
		sum = add(sum, p->loop_busy[i].duration_ns);
	}
	CHECK(sum <= p->time.classes_ns[TIME_loop_busy], "the event loop is busy for longer than it is");
	return NULL;
}

static const char *check_sources(const struct profile *p)
{
	CHECK(!p->n_sources || p->about.keeps_sources, "there is source code that nobody asked for");
	for (size_t i = 0; i < p->n_sources; i++)
		CHECK(p->sources[i].file && !p->sources[i].text == !!p->sources[i].error, "source code is of no file");
	return NULL;
}

static const char *check_merged(const struct profile *p)
{
	uint64_t sum = 0;
	bool named = !p->n_merged;

	for (size_t i = 0; i < p->n_merged; i++) {
		const struct merged_request *m = &p->merged[i];

		CHECK(is_hex(m->id, 6) && m->status >= -1 && m->status <= 999 && (unsigned)m->end <= END_CUT_OFF, "a merged request is none");
		CHECK(!i || m[-1].wall_ns <= m->wall_ns, "the merged requests are not in order");
		sum = add(sum, m->wall_ns);
		named |= !strcmp(m->id, p->request.id);
	}
	CHECK(!p->n_merged || sum == p->time.wall_ns, "the merged requests do not sum to the wall time");
	CHECK(named, "the request is none of those that were merged");
	return NULL;
}

const char *profile_check(const struct profile *p)
{
	const char *why = check_tables(p);

	if (!why)
		why = check_time(&p->time);
	if (!why)
		why = check_request(p);
	if (!why)
		why = check_work(p, &p->work, p->time.wall_ns);
	if (!why && p->after)
		why = check_work(p, p->after, UINT64_MAX);
	if (!why)
		why = check_awaits(p);
	if (!why)
		why = check_loop_busy(p);
	if (!why)
		why = check_sources(p);
	return why ?: check_merged(p);
}
