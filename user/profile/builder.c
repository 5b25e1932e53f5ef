/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "profile/partition.h"

struct tick {
	uint64_t t;
	int32_t stack;
	bool kernel, edge;
};

/* What was seen of one binding of a thread to the request, in the order of the events. */
struct binding {
	uint32_t worker;
	int32_t pid, tid;
	const char *comm;
	uint8_t rung;
	bool asleep;
	uint64_t begin_ns;
	bool released;
	enum released why;
	uint64_t released_ns, released_cpu_ns;
	uint32_t released_waits;
	struct tick *ticks;
	size_t n_ticks, cap_ticks;
	struct seen_wait *waits;
	size_t n_waits, cap_waits;
	struct waker *wakers;   /* of the waits, by the same index */
};

struct builder {
	struct profile *profile;
	uint64_t begin_ns, recognised_ns, tentative_cpu_ns, end_ns;
	bool shared;
	int32_t begin_stack;
	struct binding *bindings;
	size_t n_bindings, cap_bindings;
	uint64_t lost_ticks, lost_waits;
	struct span *spans;
	size_t n_spans, cap_spans;
	uint64_t user_ns, kernel_ns; /* weights of the ticks */
};

struct builder *builder_new(struct profile *p)
{
	struct builder *b = xcalloc(1, sizeof *b);

	b->profile = p;
	b->begin_stack = -1;
	return b;
}

void builder_free(struct builder *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_bindings; i++) {
		free(b->bindings[i].ticks);
		free(b->bindings[i].waits);
		free(b->bindings[i].wakers);
	}
	free(b->bindings);
	free(b->spans);
	free(b);
}

/* ---- what was seen ------------------------------------------------------------------------------------------------------------ */

void builder_begin(struct builder *b, uint64_t begin_ns, uint64_t recognised_ns, uint64_t tentative_cpu_ns, bool shared, int32_t begin_stack)
{
	b->begin_ns = begin_ns;
	b->recognised_ns = recognised_ns > begin_ns ? recognised_ns : begin_ns;
	b->tentative_cpu_ns = tentative_cpu_ns;
	b->shared = shared;
	b->begin_stack = begin_stack;
}

void builder_bind(struct builder *b, uint32_t worker, uint64_t t, int32_t pid, int32_t tid, const char *comm, uint8_t rung, bool asleep)
{
	GROW(b->bindings, b->n_bindings, b->cap_bindings);
	b->bindings[b->n_bindings++] = (struct binding){
		.worker = worker, .pid = pid, .tid = tid, .comm = profile_string(b->profile, comm), .rung = rung, .asleep = asleep, .begin_ns = t,
	};
}

static struct binding *binding_of(struct builder *b, uint32_t worker)
{
	for (size_t i = b->n_bindings; i; i--)
		if (b->bindings[i - 1].worker == worker)
			return &b->bindings[i - 1];
	return NULL;
}

void builder_release(struct builder *b, uint32_t worker, uint64_t t, enum released why, uint64_t cpu_ns, uint32_t waits)
{
	struct binding *x = binding_of(b, worker);

	if (!x || x->released)
		return;
	x->released = true;
	x->why = why;
	x->released_ns = t;
	x->released_cpu_ns = cpu_ns;
	x->released_waits = waits;
}

void builder_wait(struct builder *b, uint32_t worker, const struct seen_wait *w)
{
	struct binding *x = binding_of(b, worker);
	size_t cap;

	if (!x)
		return;
	cap = x->cap_waits;
	GROW(x->waits, x->n_waits, x->cap_waits);
	if (x->cap_waits != cap)
		x->wakers = xrealloc(x->wakers, x->cap_waits, sizeof *x->wakers);
	x->waits[x->n_waits] = *w;
	x->waits[x->n_waits].object = profile_string(b->profile, w->object);
	if (w->waker) {
		x->wakers[x->n_waits] = *w->waker;
		x->wakers[x->n_waits].comm = profile_string(b->profile, w->waker->comm);
	}
	x->n_waits++;
}

void builder_tick(struct builder *b, uint32_t worker, uint64_t t, int32_t stack, bool kernel, bool edge)
{
	struct binding *x = binding_of(b, worker);

	if (!x)
		return;
	GROW(x->ticks, x->n_ticks, x->cap_ticks);
	x->ticks[x->n_ticks++] = (struct tick){.t = t, .stack = stack, .kernel = kernel, .edge = edge};
}

void builder_lost(struct builder *b, uint64_t ticks, uint64_t waits)
{
	b->lost_ticks += ticks;
	b->lost_waits += waits;
}

/* ---- the timeline of one binding -------------------------------------------------------------------------------------------------- */

struct timeline {
	struct builder *b;
	struct binding *x;
	int32_t thread;
	uint64_t stop;          /* nothing of the binding counts from here on */
	uint64_t at;            /* up to here everything is told */
	uint64_t cpu_ns;        /* of the binding up to `at`, as the kernel side counts */
	uint32_t seq;           /* of the next wait */
	size_t tick;            /* the next one */
};

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void add_span(struct builder *b, uint64_t begin, uint64_t end, enum time_class class)
{
	if (begin < b->begin_ns)
		begin = b->begin_ns;
	end = min(end, b->end_ns);
	if (begin >= end)
		return;
	GROW(b->spans, b->n_spans, b->cap_spans);
	b->spans[b->n_spans++] = (struct span){.begin = begin - b->begin_ns, .end = end - b->begin_ns, .class = class};
}

static void add_sample(struct timeline *l, uint64_t t, uint64_t weight_ns, int32_t stack, bool kernel, bool edge)
{
	struct profile *p = l->b->profile;
	struct sample *s;

	if (!weight_ns)
		return;
	s = work_add_sample(&p->work);
	s->t = min(t > l->b->begin_ns ? t - l->b->begin_ns : 0, l->b->end_ns - l->b->begin_ns);
	s->weight_ns = weight_ns;
	s->thread = l->thread;
	s->stack = stack;
	s->bound = l->x->rung;
	s->kernel = kernel;
	s->edge = edge;
	p->work.threads[l->thread].cpu_ns += weight_ns;
	p->about.bound[s->bound < 5 ? s->bound : 0]++;
	if (edge) {
		p->about.edges++;
		return;
	}
	p->about.ticks++;
	*(kernel ? &l->b->kernel_ns : &l->b->user_ns) += weight_ns;
}

/* A slice without a tick was mostly in user code: of the stack at its edge, which was taken in a system call, the user part stands for it. */
static int32_t user_part(const struct profile *p, int32_t stack)
{
	int32_t s = stack;

	while (s >= 0 && p->frames[p->stacks[s].frame].kind == FRAME_kernel)
		s = p->stacks[s].parent;
	return s >= 0 ? s : stack;
}

/* The ticks in [from, to) that are not edges: their number; the stack of the last edge to *ret_edge. Ticks before `from` are passed over. */
static size_t ticks_within(struct timeline *l, uint64_t from, uint64_t to, size_t *ret_first, int32_t *ret_edge)
{
	size_t n = 0;

	*ret_edge = -1;
	while (l->tick < l->x->n_ticks && l->x->ticks[l->tick].t < from)
		l->tick++;
	*ret_first = l->tick;
	for (; l->tick < l->x->n_ticks && l->x->ticks[l->tick].t <= to; l->tick++) {
		const struct tick *tick = &l->x->ticks[l->tick];

		if (tick->edge)
			*ret_edge = tick->stack;
		else
			n++;
	}
	return n;
}

/* Each tick stands for the time around it, half way to its neighbours: exact in sum, and right on average also where ticks are not evenly
 * spaced (the bridge timer's first ones). `length` may be less than to − from if part of it is known to be off the CPU. */
static void share_among_ticks(struct timeline *l, size_t first, size_t n, uint64_t from, uint64_t to, uint64_t length)
{
	uint64_t span = to - from, given = 0, edge = from;
	const struct tick *tick = &l->x->ticks[first];

	for (size_t i = 0; i < n; tick++) {
		const struct tick *next = tick + 1;
		uint64_t until, upto;

		if (tick->edge)
			continue;
		i++;
		while (i < n && next->edge)
			next++;
		until = i < n ? tick->t + (next->t - tick->t) / 2 : to;
		if (until < edge)
			until = edge;
		upto = span ? (unsigned __int128)(until - from) * length / span : 0;
		if (i == n)
			upto = length;
		add_sample(l, tick->t, upto - given, tick->stack, tick->kernel, false);
		given = upto;
		edge = until;
	}
}

/* On the CPU for `length` ns somewhere in [from, to); `edge_stack` is that of the switch-out that ended it. */
static void add_slice(struct timeline *l, uint64_t from, uint64_t to, uint64_t length, int32_t edge_stack)
{
	int32_t edge;
	size_t first, n = ticks_within(l, from, to, &first, &edge);

	if (!length)
		return;
	if (n) {
		share_among_ticks(l, first, n, from, to, length);
		return;
	}
	if (edge_stack < 0)
		edge_stack = edge;
	if (edge_stack < 0 && from == l->b->recognised_ns)
		edge_stack = l->b->begin_stack;
	add_sample(l, from, length, user_part(l->b->profile, edge_stack), false, true);
}

/* What happened up to `to`: a slice, or after lost waits a known amount of CPU and the rest off it, nobody knows why. */
static void tell_until(struct timeline *l, uint64_t to, uint64_t cpu_ns, uint32_t seq, int32_t edge_stack)
{
	uint64_t length, cpu;

	to = min(to, l->stop);
	if (to <= l->at)
		return;
	length = to - l->at;
	cpu = length;
	if (seq > l->seq) {
		l->b->profile->lost.waits += seq - l->seq;
		cpu = min(cpu_ns > l->cpu_ns ? cpu_ns - l->cpu_ns : 0, length);
		l->b->profile->work.threads[l->thread].wait_ns += length - cpu;
		add_span(l->b, l->at, to - cpu, TIME_unknown);
	}
	add_span(l->b, to - cpu, to, TIME_cpu_user);
	add_slice(l, l->at, to, cpu, edge_stack);
	l->at = to;
}

static void add_wait(struct timeline *l, const struct seen_wait *w, const struct waker *waker)
{
	uint64_t out = w->out_ns < l->b->begin_ns ? l->b->begin_ns : w->out_ns, in = min(w->in_ns, l->stop), woken = w->woken_ns;
	struct wait *x;

	if (in <= out)
		return;
	if (!woken || woken > in)
		woken = in;
	if (woken < out || w->preempted)
		woken = out;
	x = work_add_wait(&l->b->profile->work);
	x->t = out - l->b->begin_ns;
	x->duration_ns = woken - out;
	x->runnable_ns = in - woken;
	x->thread = l->thread;
	x->stack = w->stack;
	x->cause = w->preempted ? w->runnable_class : w->cause;
	x->object = w->object;
	if (w->waker) {
		x->has_waker = true;
		x->waker = *waker;
	}
	l->b->profile->work.threads[l->thread].wait_ns += x->duration_ns;
	add_span(l->b, out, woken, x->cause);
	add_span(l->b, woken, in, w->runnable_class);
}

static int32_t thread_of(struct work *work, const struct binding *x)
{
	struct thread *t;

	for (size_t i = 0; i < work->n_threads; i++)
		if (work->threads[i].pid == x->pid && work->threads[i].tid == x->tid)
			return i;
	t = work_add_thread(work);
	t->pid = x->pid;
	t->tid = x->tid;
	t->comm = x->comm;
	return work->n_threads - 1;
}

/* Before the marker was recognised: the thread was on the CPU for its reads, and waited for the client's next bytes in between. */
static void add_tentative(struct timeline *l)
{
	struct builder *b = l->b;
	uint64_t length = min(b->recognised_ns, b->end_ns) - b->begin_ns, cpu = min(b->tentative_cpu_ns, length);
	struct seen_wait w = {
		.out_ns = b->begin_ns + cpu, .woken_ns = b->begin_ns + length, .in_ns = b->begin_ns + length, .cause = TIME_network,
		.runnable_class = TIME_run_queue, .object = b->profile->request.remote, .stack = -1,
	};

	add_span(b, b->begin_ns, b->begin_ns + cpu, TIME_cpu_user);
	add_sample(l, b->begin_ns, cpu, b->begin_stack, false, true);
	add_wait(l, &w, NULL);
}

static void build_binding(struct builder *b, struct binding *x)
{
	uint64_t stop = min(x->released ? x->released_ns : b->end_ns, b->end_ns);
	struct timeline l = {.b = b, .x = x, .thread = thread_of(&b->profile->work, x), .stop = stop, .at = x->begin_ns};
	bool open = x->asleep && !x->n_waits;

	if (!x->asleep && x->begin_ns == b->recognised_ns && x == b->bindings)
		add_tentative(&l);
	for (size_t i = 0; i < x->n_waits && l.at < stop; i++) {
		const struct seen_wait *w = &x->waits[i];

		if (w->out_ns < l.at)
			continue;
		tell_until(&l, w->out_ns, w->cpu_ns, w->seq, w->stack);
		add_wait(&l, w, &x->wakers[i]);
		l.at = w->in_ns;
		l.cpu_ns = w->cpu_ns;
		l.seq = w->seq + 1;
		open = w->open;
	}
	if (!open)
		tell_until(&l, stop, x->released_cpu_ns, x->released ? x->released_waits : l.seq, -1);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------------ */

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

/* From when on may other work have run on a thread that was the request's? UINT64_MAX = never. */
static uint64_t ambiguous_from(const struct builder *b)
{
	uint64_t from = b->shared ? b->recognised_ns : UINT64_MAX;

	for (size_t i = 0; i < b->n_bindings; i++)
		if (b->bindings[i].released && (b->bindings[i].why == RELEASED_EVENT_WAIT || b->bindings[i].why == RELEASED_OTHER_REQUEST))
			from = min(from, b->bindings[i].released_ns);
	return from;
}

static void split_time(struct builder *b)
{
	struct time_split *t = &b->profile->time;
	uint64_t *classes = t->classes_ns;

	t->wall_ns = b->end_ns - b->begin_ns;
	/* Nothing else is `suspended` without a context tracker: the class stands for what is ambiguous while the spans are counted. */
	add_span(b, ambiguous_from(b), UINT64_MAX, TIME_suspended);
	partition_spans(b->spans, b->n_spans, t->wall_ns, classes);
	t->ambiguous_ns = classes[TIME_suspended];
	classes[TIME_unknown] += classes[TIME_suspended];
	classes[TIME_suspended] = 0;
	partition_cpu(classes, b->user_ns, b->kernel_ns, 0);
}

static void reset(struct builder *b)
{
	struct profile *p = b->profile;

	p->work.n_threads = p->work.n_samples = p->work.n_waits = 0;
	p->lost.samples = p->lost.waits = 0;
	p->about.ticks = p->about.edges = 0;
	memset(p->about.bound, 0, sizeof p->about.bound);
	b->n_spans = 0;
	b->user_ns = b->kernel_ns = 0;
}

void builder_finish(struct builder *b, uint64_t end_ns)
{
	struct profile *p = b->profile;
	struct work *w = &p->work;

	reset(b);
	b->end_ns = end_ns > b->begin_ns ? end_ns : b->begin_ns;
	for (size_t i = 0; i < b->n_bindings; i++)
		build_binding(b, &b->bindings[i]);
	if (b->recognised_ns > b->begin_ns) {
		p->time.network_estimated = true;
		add_span(b, b->begin_ns, b->recognised_ns, TIME_network);
	}
	split_time(b);
	p->lost.samples = b->lost_ticks;
	if (p->lost.waits < b->lost_waits)
		p->lost.waits = b->lost_waits;
	if (w->n_samples)
		qsort(w->samples, w->n_samples, sizeof *w->samples, sample_order);
	if (w->n_waits)
		qsort(w->waits, w->n_waits, sizeof *w->waits, wait_order);
}
