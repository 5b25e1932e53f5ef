/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "profile/shares.h"
#include "profile/timeline.h"

#define AFTER_MIN_NS 1000000 /* a request's own cleaning up takes less */

struct builder {
	struct story story;
	bool shared;
	struct binding *bindings;
	size_t n_bindings, cap_bindings;
	uint64_t lost_ticks, lost_waits;
};

struct builder *builder_new(struct profile *p)
{
	struct builder *b = xcalloc(1, sizeof *b);

	b->story.profile = p;
	b->story.work = &p->work;
	return b;
}

void builder_free(struct builder *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_bindings; i++) {
		free(b->bindings[i].ticks);
		free(b->bindings[i].waits);
	}
	free(b->bindings);
	free(b->story.spans);
	free(b->story.busy);
	tasks_free(&b->story.tasks);
	free(b);
}

/* ---- what was seen ----------------------------------------------------------------------------------------------- */

void builder_begin(struct builder *b, uint64_t begin_ns, uint64_t recognised_ns, uint64_t tentative_cpu_ns, bool shared)
{
	b->story.begin_ns = b->story.zero_ns = begin_ns;
	b->story.recognised_ns = recognised_ns > begin_ns ? recognised_ns : begin_ns;
	b->story.tentative_cpu_ns = tentative_cpu_ns;
	b->shared = shared;
}

void builder_bind(struct builder *b, uint32_t worker, uint64_t t, int32_t pid, int32_t tid, const char *comm, uint8_t rung, bool asleep)
{
	GROW(b->bindings, b->n_bindings, b->cap_bindings);
	b->bindings[b->n_bindings++] = (struct binding){
		.worker = worker, .pid = pid, .tid = tid, .comm = profile_string(b->story.profile, comm), .rung = rung, .asleep = asleep, .begin_ns = t,
	};
}

static struct binding *binding_of(struct builder *b, uint32_t worker)
{
	for (size_t i = b->n_bindings; i; i--)
		if (b->bindings[i - 1].worker == worker)
			return &b->bindings[i - 1];
	return NULL;
}

void builder_mixed(struct builder *b, uint32_t worker)
{
	struct binding *x = binding_of(b, worker);

	if (x)
		x->mixed = true;
}

void builder_release(struct builder *b, uint32_t worker, const struct seen_release *r)
{
	struct binding *x = binding_of(b, worker);

	if (!x || x->released)
		return;
	x->released = true;
	x->release = *r;
}

void builder_wait(struct builder *b, uint32_t worker, const struct seen_wait *w)
{
	struct binding *x = binding_of(b, worker);
	struct thread_wait *wait;

	if (!x)
		return;
	GROW(x->waits, x->n_waits, x->cap_waits);
	wait = &x->waits[x->n_waits++];
	*wait = (struct thread_wait){.seen = *w, .has_waker = w->waker};
	wait->seen.object = profile_string(b->story.profile, w->object);
	wait->seen.waker = NULL;
	if (!w->waker)
		return;
	wait->waker = *w->waker;
	wait->waker.comm = profile_string(b->story.profile, w->waker->comm);
}

void builder_tick(struct builder *b, uint32_t worker, uint64_t t, int32_t stack, uint32_t task, unsigned int flags)
{
	struct binding *x = binding_of(b, worker);

	if (!x)
		return;
	GROW(x->ticks, x->n_ticks, x->cap_ticks);
	x->ticks[x->n_ticks++] = (struct tick){.t = t, .stack = stack, .task = task,
		.kernel = flags & TICK_KERNEL, .edge = flags & TICK_EDGE, .gil = flags & TICK_GIL,
	};
}

void builder_task(struct builder *b, uint32_t number, uint32_t parent, const char *name, uint64_t t)
{
	struct profile *p = b->story.profile;
	int32_t i = tasks_index(p, number);

	if (i >= 0)
		tasks_made(&b->story.tasks, i, parent);
	if (i < 0 || !name)
		return;
	p->tasks[i].name = profile_string(p, name);
	tasks_add(&b->story.tasks, &(struct task_change){.t = t, .made = true, .await = {.task = number}});
}

void builder_busy(struct builder *b, uint64_t t, const struct loop_busy *who)
{
	struct story *s = &b->story;
	struct busy_seen *seen;

	GROW(s->busy, s->n_busy, s->cap_busy);
	seen = &s->busy[s->n_busy];
	*seen = (struct busy_seen){.t = t, .order = s->n_busy++};
	if (!who)
		return;
	seen->who = (struct loop_busy){
		.request = profile_string(s->profile, who->request), .function = profile_string(s->profile, who->function),
		.file = profile_string(s->profile, who->file), .line = who->line, .gil = who->gil,
	};
}

void builder_task_runs(struct builder *b, uint32_t task, uint64_t t)
{
	builder_busy(b, t, NULL);
	tasks_add(&b->story.tasks, &(struct task_change){.t = t, .runs = true, .await = {.task = task}});
}

void builder_task_waits(struct builder *b, const struct seen_await *a)
{
	struct task_change change = {.t = a->t, .await = *a};

	change.await.object = profile_string(b->story.profile, a->object);
	tasks_add(&b->story.tasks, &change);
}

void builder_task_ready(struct builder *b, uint32_t task, uint64_t t)
{
	tasks_add(&b->story.tasks, &(struct task_change){.t = t, .ready = true, .await = {.task = task}});
}

int builder_task_peer(struct builder *b, uint32_t task, const char *address)
{
	struct task_change *c = tasks_last(&b->story.tasks, task);

	if (!c || !c->await.peer)
		return 0;
	c->await.peer = false;
	c->await.cause = TIME_network;
	c->await.object = profile_string(b->story.profile, address);
	return 1;
}

void builder_contexts(struct builder *b)
{
	b->story.contextual = true;
}

void builder_handed(struct builder *b)
{
	b->story.handed = true;
}

void builder_lost(struct builder *b, uint64_t ticks, uint64_t waits)
{
	b->lost_ticks += ticks;
	b->lost_waits += waits;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static int sample_order(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return x->t != y->t ? (x->t < y->t ? -1 : 1) : x->thread - y->thread;
}

static int wait_order(const void *a, const void *b)
{
	const struct wait *x = a, *y = b;

	return x->t != y->t ? (x->t < y->t ? -1 : 1) : x->thread - y->thread;
}

/* Is it not known what the thread did after its binding? */
static bool is_lost(const struct builder *b, const struct binding *x)
{
	enum released why = x->release.why;
	/* A new thread that turned out to be one of a pool works for the request only as far as another binding says. */
	bool told = b->story.contextual || (b->story.handed && x->asleep);

	return why == RELEASED_EVENT_WAIT || why == RELEASED_OTHER_REQUEST || (why == RELEASED_CONTEXT && !told);
}

/* From when on may other work have run on a thread that was the request's? UINT64_MAX = never. */
static uint64_t ambiguous_from(const struct builder *b)
{
	uint64_t from = b->shared ? b->story.recognised_ns : UINT64_MAX;

	for (size_t i = 0; i < b->n_bindings; i++) {
		const struct binding *x = &b->bindings[i];
		uint64_t lost = story_lost(&b->story, x);

		if (lost < from)
			from = lost;
		if (x->released && is_lost(b, x) && x->release.t < from)
			from = x->release.t;
	}
	return from;
}

static void split_time(struct builder *b)
{
	struct story *s = &b->story;
	struct time_split *t = &s->profile->time;
	uint64_t *classes = t->classes_ns;

	t->wall_ns = s->end_ns - s->begin_ns;
	/* Where tasks tell, none of them ran; else nothing is `suspended`, and the class stands for what is ambiguous while the spans are counted. */
	story_span(s, s->contextual ? s->recognised_ns : ambiguous_from(b), UINT64_MAX, TIME_suspended);
	partition_spans(s->spans, s->n_spans, t->wall_ns, classes);
	if (s->contextual) {
		shares_tell(s);
	} else {
		t->ambiguous_ns = classes[TIME_suspended];
		classes[TIME_unknown] += classes[TIME_suspended];
		classes[TIME_suspended] = 0;
	}
	partition_cpu(classes, s->user_ns, s->kernel_ns, 0);
}

static void reset(struct story *s)
{
	struct profile *p = s->profile;

	p->work.n_threads = p->work.n_samples = p->work.n_waits = p->n_awaits = p->n_loop_busy = 0;
	p->lost.samples = p->lost.waits = 0;
	p->about.ticks = p->about.edges = 0;
	memset(p->about.bound, 0, sizeof p->about.bound);
	s->n_spans = 0;
	s->user_ns = s->kernel_ns = 0;
}

/* The thread that read the request is the first that was bound, when the marker was recognised. */
static bool is_reader(const struct builder *b, size_t i)
{
	return !i && !b->bindings[i].asleep && b->bindings[i].begin_ns == b->story.recognised_ns;
}

static void sort_work(struct work *w)
{
	if (w->n_samples)
		qsort(w->samples, w->n_samples, sizeof *w->samples, sample_order);
	if (w->n_waits)
		qsort(w->waits, w->n_waits, sizeof *w->waits, wait_order);
}

void builder_finish(struct builder *b, uint64_t end_ns)
{
	struct story *s = &b->story;
	struct profile *p = s->profile;

	reset(s);
	s->end_ns = end_ns > s->begin_ns ? end_ns : s->begin_ns;
	for (size_t i = 0; i < b->n_bindings; i++)
		if (!i || b->bindings[i].rung == 1 || story_follows(s, &b->bindings[i]))
			story_binding(s, &b->bindings[i], is_reader(b, i));
	p->time.network_estimated = s->recognised_ns > s->begin_ns;
	if (s->contextual)
		tasks_tell(s);
	story_span(s, s->begin_ns, s->recognised_ns, TIME_network);
	split_time(b);
	p->lost.samples = b->lost_ticks;
	if (p->lost.waits < b->lost_waits)
		p->lost.waits = b->lost_waits;
	sort_work(&p->work);
}

static uint64_t work_ns(const struct work *w)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < w->n_threads; i++)
		ns += w->threads[i].cpu_ns + w->threads[i].wait_ns;
	return ns;
}

void builder_after(struct builder *b, uint64_t until_ns)
{
	struct profile *p = b->story.profile;
	struct story s = {
		.profile = p, .work = xcalloc(1, sizeof *s.work), .zero_ns = b->story.zero_ns, .begin_ns = b->story.end_ns,
		.end_ns = until_ns > b->story.end_ns ? until_ns : b->story.end_ns, .contextual = b->story.contextual,
	};

	for (size_t i = 0; i < b->n_bindings; i++)
		if (!b->bindings[i].released || b->bindings[i].release.t > s.begin_ns)
			story_binding(&s, &b->bindings[i], false);
	free(s.spans);
	sort_work(s.work);
	if (work_ns(s.work) >= AFTER_MIN_NS) {
		p->after = s.work;
		return;
	}
	work_free(s.work);
	free(s.work);
}
