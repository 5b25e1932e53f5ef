/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/timeline.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "profile/stolen.h"

struct timeline {
	struct story *s;
	struct binding *x;
	int32_t thread;
	uint64_t stop;          /* nothing of the binding counts from here on */
	uint64_t at;            /* up to here everything is told */
	uint64_t cpu_ns, stolen_ns; /* of the binding up to `at`, as the kernel side counts */
	uint32_t seq;           /* of the next wait */
	size_t tick;            /* the next one */
	bool mixed;             /* the binding's account has what was done for others, too */
};

/* From `from` to `to`, not after the end: on the CPU for length ns, without what a hypervisor had of it. */
struct slice {
	uint64_t from, to, length, stolen_ns;
	int32_t edge_stack;     /* at its end, −1 = none */
	uint32_t task;
};

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* value × part / whole */
static uint64_t scale(uint64_t value, uint64_t part, uint64_t whole)
{
	return whole ? (unsigned __int128)value * part / whole : 0;
}

void story_span(struct story *s, uint64_t begin, uint64_t end, enum time_class class)
{
	if (begin < s->begin_ns)
		begin = s->begin_ns;
	end = min(end, s->end_ns);
	if (begin >= end)
		return;
	GROW(s->spans, s->n_spans, s->cap_spans);
	s->spans[s->n_spans++] = (struct span){.begin = begin - s->begin_ns, .end = end - s->begin_ns, .class = class};
}

/* ---- on the CPU -------------------------------------------------------------------------------------------------- */

static bool runs_python(const struct profile *p, int32_t stack)
{
	for (; stack >= 0; stack = p->stacks[stack].parent)
		if (p->frames[p->stacks[stack].frame].kind == FRAME_python)
			return true;
	return false;
}

/* Between two waits a Python thread holds the lock for most of the time: that is when it runs Python. */
static void count_gil(struct profile *p, struct thread *thread, const struct tick *tick, uint64_t weight_ns)
{
	bool python = tick->gil || runs_python(p, tick->stack);

	if (python && thread->gil_held_ns < 0)
		thread->gil_held_ns = 0;
	if (tick->gil || (tick->edge && python))
		thread->gil_held_ns += weight_ns;
}

static void add_sample(struct timeline *l, const struct tick *tick, uint64_t weight_ns)
{
	struct profile *p = l->s->profile;
	uint64_t t = (tick->t > l->s->begin_ns ? tick->t : l->s->begin_ns) - l->s->zero_ns;
	struct sample *s;

	if (!weight_ns)
		return;
	s = work_add_sample(l->s->work);
	*s = (struct sample){
		.t = min(t, l->s->end_ns - l->s->zero_ns), .weight_ns = weight_ns, .thread = l->thread, .task = tasks_index(p, tick->task),
		.stack = tick->stack, .bound = l->x->rung, .kernel = tick->kernel, .edge = tick->edge,
	};
	l->s->work->threads[l->thread].cpu_ns += weight_ns;
	count_gil(p, &l->s->work->threads[l->thread], tick, weight_ns);
	if (l->s->work != &p->work)
		return;
	p->about.bound[s->bound < 5 ? s->bound : 0]++;
	if (tick->edge) {
		p->about.edges++;
		return;
	}
	p->about.ticks++;
	*(tick->kernel ? &l->s->kernel_ns : &l->s->user_ns) += weight_ns;
}

/* A slice without a tick was mostly in user code: of the stack at its edge, which was taken in a system call, the user part stands for it. */
static int32_t user_part(const struct profile *p, int32_t stack)
{
	int32_t s = stack;

	while (s >= 0 && p->frames[p->stacks[s].frame].kind == FRAME_kernel)
		s = p->stacks[s].parent;
	return s >= 0 ? s : stack;
}

/* The ticks in [from, to], *ret_n in all, those before are passed over; *ret_ticks of them are no edges. The stack of the last edge, or of the last
 * tick if there is no edge, goes to *ret_last (−1 = neither). */
static struct tick *ticks_within(struct timeline *l, uint64_t from, uint64_t to, size_t *ret_n, size_t *ret_ticks, int32_t *ret_last)
{
	struct tick *first;
	bool edge = false;

	*ret_last = -1;
	*ret_n = *ret_ticks = 0;
	while (l->tick < l->x->n_ticks && l->x->ticks[l->tick].t < from)
		l->tick++;
	first = l->x->ticks + l->tick;
	for (; l->tick < l->x->n_ticks && l->x->ticks[l->tick].t <= to; l->tick++) {
		const struct tick *tick = &l->x->ticks[l->tick];

		++*ret_n;
		*ret_ticks += !tick->edge;
		if (tick->edge || !edge)
			*ret_last = tick->stack;
		edge |= tick->edge;
	}
	return first;
}

/* Each tick stands for the CPU time around it, half way to its neighbours: exact in sum, and right on average also where ticks are not evenly
 * spaced (the bridge timer's first ones). `length` is given to the ticks in the same proportions if that is less (some of it was off the CPU). */
static void share_among_ticks(struct timeline *l, const struct tick *ticks, size_t n, const struct slice *s)
{
	uint64_t given = 0, stolen = 0, at, before = 0, whole = s->to - s->from - s->stolen_ns;
	const struct tick *last = NULL;

	for (size_t i = 0; i < n; i++) {
		if (ticks[i].edge)
			continue;
		stolen += ticks[i].stolen_ns;
		at = ticks[i].t - s->from - stolen;
		if (last) {
			uint64_t upto = scale(s->length, before + (at - before) / 2, whole);

			add_sample(l, last, upto - given);
			given = upto;
		}
		last = &ticks[i];
		before = at;
	}
	add_sample(l, last, s->length - given);
}

/* A hypervisor had the thread's CPU for `ns` up to `to`: it was ready to run. */
static void add_stolen(struct timeline *l, uint64_t to, uint64_t ns, int32_t stack, uint32_t task)
{
	uint64_t from = to - ns;
	struct wait *x;

	story_span(l->s, l->at, from, TIME_cpu_user);
	l->at = to;
	if (!ns)
		return;
	x = work_add_wait(l->s->work);
	*x = (struct wait){
		.t = from - l->s->zero_ns, .runnable_ns = ns, .thread = l->thread, .task = tasks_index(l->s->profile, task), .stack = stack,
		.cause = TIME_run_queue, .object = profile_string(l->s->profile, STOLEN_BY),
	};
	story_span(l->s, from, to, TIME_run_queue);
}

/* On the CPU for `length` ns somewhere in the slice. */
static void add_slice(struct timeline *l, const struct slice *s)
{
	int32_t last;
	size_t n, real;
	struct tick *ticks = ticks_within(l, s->from, s->to, &n, &real, &last);
	uint64_t rest = stolen_place(ticks, n, s->from, s->to, l->s->profile->about.interval_ns, s->stolen_ns);

	last = user_part(l->s->profile, s->edge_stack < 0 ? last : s->edge_stack);
	if (real)
		share_among_ticks(l, ticks, n, s);
	else
		add_sample(l, &(struct tick){.t = s->from, .stack = last, .task = s->task, .edge = true}, s->length);
	for (size_t i = 0; i < n; i++)
		if (ticks[i].stolen_ns)
			add_stolen(l, ticks[i].t, ticks[i].stolen_ns, ticks[i].stack, ticks[i].task);
	add_stolen(l, s->to, rest, last, s->task);
}

/* After lost waits: a known amount of CPU, unless some of it was for others, and the rest off it, nobody knows why. */
static void add_lost(struct timeline *l, struct slice *s, uint64_t cpu_ns, uint32_t waits)
{
	s->length = l->mixed ? 0 : min(cpu_ns, s->to - s->from);
	s->stolen_ns = 0;
	l->s->profile->lost.waits += waits;
	l->s->work->threads[l->thread].wait_ns += s->to - s->from - s->length;
	story_span(l->s, s->from, s->to - s->length, TIME_unknown);
	l->at = s->to - s->length;
}

/* What happened up to `to`: a slice, of which the account of the binding by then tells more. `edge_stack` is that of the switch-out that ended it. */
static void tell_until(struct timeline *l, const struct seen_release *to, int32_t edge_stack, uint32_t task)
{
	uint64_t end = min(to->t, l->stop), from = l->at, cpu, stolen;
	struct slice s;

	if (l->at < l->s->begin_ns)
		l->at = min(l->s->begin_ns, end);
	if (end <= l->at)
		return;
	s = (struct slice){.from = l->at, .to = end, .edge_stack = edge_stack, .task = task};
	stolen = to->stolen_ns > l->stolen_ns ? to->stolen_ns - l->stolen_ns : 0;
	cpu = to->cpu_ns > l->cpu_ns + stolen ? to->cpu_ns - l->cpu_ns - stolen : 0;
	s.stolen_ns = min(scale(stolen, end - l->at, to->t - from), end - l->at);
	s.length = end - l->at - s.stolen_ns;
	if (to->waits > l->seq)
		add_lost(l, &s, scale(cpu, end - l->at, to->t - from), to->waits - l->seq);
	add_slice(l, &s);
}

/* ---- off the CPU ------------------------------------------------------------------------------------------------- */

static void add_wait(struct timeline *l, const struct thread_wait *wait)
{
	const struct seen_wait *w = &wait->seen;
	uint64_t begin = l->s->begin_ns, out = w->out_ns < begin ? begin : w->out_ns, in = min(w->in_ns, l->stop), woken = w->woken_ns;
	struct wait *x;

	if (in <= out)
		return;
	if (!woken || woken > in)
		woken = in;
	if (woken < out || w->preempted)
		woken = out;
	x = work_add_wait(l->s->work);
	x->t = out - l->s->zero_ns;
	x->duration_ns = woken - out;
	x->runnable_ns = in - woken;
	x->thread = l->thread;
	x->stack = w->stack;
	x->task = tasks_index(l->s->profile, w->task);
	x->cause = w->preempted ? w->runnable_class : w->cause;
	x->object = w->object;
	x->has_waker = wait->has_waker;
	x->waker = wait->waker;
	l->s->work->threads[l->thread].wait_ns += x->duration_ns;
	story_span(l->s, out, woken, x->cause);
	story_span(l->s, woken, in, w->runnable_class);
}

/* Before the marker was recognised: the thread was on the CPU for its reads, and waited for the client's next bytes in between. */
static void add_tentative(struct timeline *l)
{
	struct story *s = l->s;
	const struct tick *first = l->x->n_ticks ? l->x->ticks : NULL; /* where the marker was recognised */
	uint64_t recognised = min(s->recognised_ns, l->stop), cpu = min(s->tentative_cpu_ns, recognised - s->begin_ns);
	struct thread_wait w = {.seen = {
		.out_ns = s->begin_ns + cpu, .woken_ns = recognised, .in_ns = recognised, .cause = TIME_network, .runnable_class = TIME_run_queue,
		.object = s->profile->request.remote, .stack = -1,
	}};

	story_span(s, s->begin_ns, s->begin_ns + cpu, TIME_cpu_user);
	add_sample(l, &(struct tick){.t = s->begin_ns, .stack = first && first->edge ? first->stack : -1, .edge = true}, cpu);
	add_wait(l, &w);
}

/* ---- one binding ------------------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct tick *x = a, *y = b;

	return x->t < y->t ? -1 : x->t > y->t;
}

static int by_number(const void *a, const void *b)
{
	const struct thread_wait *x = a, *y = b;

	return x->seen.seq < y->seen.seq ? -1 : x->seen.seq > y->seen.seq;
}

/* A preempted thread's time ends with the interrupts that it is preempted in, a timer that falls due in these ticks after that. Both are sorted. */
static void pull_ticks_in(struct binding *x)
{
	size_t tick = 0;

	for (size_t i = 0; i < x->n_waits; i++) {
		const struct seen_wait *w = &x->waits[i].seen;

		for (; tick < x->n_ticks && x->ticks[tick].t < w->in_ns; tick++)
			if (w->preempted && x->ticks[tick].t > w->out_ns)
				x->ticks[tick].t = w->out_ns;
	}
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

bool story_follows(const struct story *s, const struct binding *x)
{
	return s->contextual || (s->handed && x->rung == 3);
}

/* What it did for others is told by waits: is there any, and *ret_all is there nothing else? */
static bool has_others(const struct binding *x, bool *ret_all)
{
	bool any = x->mixed;

	*ret_all = !x->n_ticks && (x->n_waits || x->mixed) && (x->release.others || !x->released);
	for (size_t i = 0; i < x->n_waits; i++) {
		any |= x->waits[i].seen.others;
		*ret_all &= x->waits[i].seen.others;
	}
	return any;
}

uint64_t story_lost(const struct story *s, const struct binding *x)
{
	uint64_t lost = UINT64_MAX;

	for (size_t i = 0; i < x->n_waits && !story_follows(s, x); i++)
		if ((x->waits[i].seen.elsewhere || x->waits[i].seen.others) && x->waits[i].seen.out_ns < lost)
			lost = x->waits[i].seen.out_ns;
	return lost;
}

/* The task that ran when the binding ended. */
static uint32_t last_task(const struct binding *x)
{
	return x->n_ticks ? x->ticks[x->n_ticks - 1].task : 0;
}

/* The account of the binding by `stop` or as soon after it as there is one: that of a wait that comes after, or that it ends with. `waits` is how
 * many had begun by `stop`, 0 if it is not known. The waits are sorted by number. */
static struct seen_release account_at(const struct binding *x, uint64_t stop)
{
	struct seen_release account = x->released ? x->release : (struct seen_release){.t = stop, .others = x->mixed};

	for (size_t i = 0; i < x->n_waits; i++) {
		const struct seen_wait *w = &x->waits[i].seen;

		if (w->out_ns >= stop)
			return (struct seen_release){
				.t = w->out_ns, .cpu_ns = w->cpu_ns, .stolen_ns = w->stolen_ns, .waits = w->seq, .others = w->others,
			};
	}
	if (account.t > stop)
		account.waits = 0;
	return account;
}

void story_binding(struct story *s, struct binding *x, bool reader)
{
	uint64_t stop = min(x->released ? x->release.t : s->end_ns, s->end_ns);
	struct timeline l = {.s = s, .x = x, .stop = stop, .at = x->begin_ns};
	bool running = !x->asleep, all_others;
	struct seen_release end;

	l.mixed = has_others(x, &all_others);
	if (all_others)
		return;
	l.thread = thread_of(s->work, x);
	if (x->n_ticks)
		qsort(x->ticks, x->n_ticks, sizeof *x->ticks, by_time);
	if (x->n_waits)
		qsort(x->waits, x->n_waits, sizeof *x->waits, by_number);
	pull_ticks_in(x);
	if (reader)
		add_tentative(&l);
	for (size_t i = 0; i < x->n_waits && l.at < stop; i++) {
		const struct seen_wait *w = &x->waits[i].seen;

		if (w->out_ns < l.at || w->seq < l.seq)
			continue; /* contradicts what is told already; the next number says that one is missing */
		if (w->others)
			s->profile->lost.waits += w->seq - l.seq;
		else
			tell_until(&l, &(struct seen_release){.t = w->out_ns, .cpu_ns = w->cpu_ns, .stolen_ns = w->stolen_ns, .waits = w->seq},
				   w->stack, w->task);
		if (!w->elsewhere && !w->others)
			add_wait(&l, &x->waits[i]);
		else if (!story_follows(s, x))
			return;
		l.at = w->in_ns;
		l.cpu_ns = w->cpu_ns;
		l.stolen_ns = w->stolen_ns;
		l.seq = w->seq + 1;
		running = !w->open;
	}
	end = account_at(x, stop);
	if ((!running && end.waits <= l.seq) || end.others)
		return;
	tell_until(&l, &end, -1, last_task(x));
}
