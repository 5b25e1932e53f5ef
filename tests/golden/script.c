/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "script.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define START_NS 1795431667114000000LL /* 23 Nov 2026 */

struct script script_new(const char *method, const char *target, int status, uint64_t wall_us)
{
	struct profile *p = profile_new();

	p->request.method = profile_string(p, method);
	p->request.target = profile_string(p, target);
	p->request.status = status;
	p->request.http_version = profile_string(p, "1.1");
	p->request.local = profile_string(p, "127.0.0.1:8000");
	p->request.remote = profile_string(p, "127.0.0.1:40312");
	p->request.marker = profile_string(p, "profile=1");
	p->request.comm = profile_string(p, "uvicorn");
	p->request.pid = 4242;
	p->request.start_ns = START_NS;
	p->request.utc_offset_s = 3600;
	strcpy(p->request.id, "3f2a91");
	p->time.wall_ns = wall_us * US;
	p->time.socket_queue_ns = -1;
	p->time.in_flight_max = 1;
	p->about.version = profile_string(p, "0.1.0");
	p->about.command = profile_string(p, "reqprof --pid 4242");
	p->about.host = profile_string(p, "web1");
	p->about.kernel = profile_string(p, "6.12.9-amd64");
	p->about.event = profile_string(p, "cpu-clock");
	p->about.interrupt = profile_string(p, "unavailable");
	p->about.arming = profile_string(p, "fifo");
	p->about.interval_ns = 1000000;
	return (struct script){.p = p, .work = &p->work};
}

int32_t script_frame(struct script *s, const char *function, const char *file, uint32_t line, const char *module, enum frame_kind kind)
{
	return profile_frame(s->p, &(struct frame){.function = function, .file = file, .line = line, .module = module, .kind = kind});
}

int32_t script_call(struct script *s, int32_t parent, int32_t frame)
{
	return profile_stack(s->p, parent, frame);
}

void script_thread(struct script *s, int32_t pid, int32_t tid, const char *comm, const char *name, uint64_t at_us)
{
	struct thread *thread = work_add_thread(s->work);

	thread->pid = pid;
	thread->tid = tid;
	thread->comm = profile_string(s->p, comm);
	thread->name = profile_string(s->p, name);
	thread->gil_held_ns = -1;
	s->thread = s->work->n_threads - 1;
	s->t = at_us * US;
}

static void count(struct script *s, enum time_class class, uint64_t ns)
{
	if (s->work == &s->p->work)
		s->p->time.classes_ns[class] += ns;
}

static void add_sample(struct script *s, uint64_t ns, int32_t stack, bool kernel, bool edge)
{
	struct sample *sample = work_add_sample(s->work);

	*sample = (struct sample){
		.t = s->t + ns / 2, .weight_ns = ns, .thread = s->thread, .task = -1, .stack = stack, .bound = 1, .kernel = kernel, .edge = edge,
	};
	s->work->threads[s->thread].cpu_ns += ns;
	s->t += ns;
	count(s, kernel ? TIME_cpu_kernel : TIME_cpu_user, ns);
}

void script_run(struct script *s, uint64_t us, size_t n, int32_t stack, bool kernel)
{
	uint64_t left = us * US;

	for (size_t i = n; i > 1; i--) {
		uint64_t weight = left / i;

		add_sample(s, weight, stack, kernel, false);
		left -= weight;
	}
	add_sample(s, left, stack, kernel, !n);
}

void script_lose(struct script *s, uint64_t us)
{
	add_sample(s, us * US, -1, false, false);
	s->p->lost.samples++;
}

void script_wait(struct script *s, const struct script_wait *w)
{
	struct wait *wait = work_add_wait(s->work);

	wait->t = s->t;
	wait->duration_ns = w->us * US;
	wait->runnable_ns = w->ready_us * US;
	wait->thread = s->thread;
	wait->task = -1;
	wait->stack = w->stack;
	wait->cause = w->cause;
	wait->object = profile_string(s->p, w->object);
	wait->has_waker = w->waker;
	if (w->waker)
		wait->waker = (struct waker){w->waker_pid, w->waker_pid, profile_string(s->p, w->waker), -1};
	s->work->threads[s->thread].wait_ns += wait->duration_ns;
	s->t += wait->duration_ns + wait->runnable_ns;
	count(s, w->cause, wait->duration_ns);
	count(s, TIME_run_queue, wait->runnable_ns);
}

void script_pass(struct script *s, enum time_class class, uint64_t us)
{
	s->t += us * US;
	count(s, class, us * US);
}

void script_task(struct script *s, const char *name)
{
	struct profile *p = s->p;

	GROW(p->tasks, p->n_tasks, p->cap_tasks);
	p->tasks[p->n_tasks++] = (struct task){profile_string(p, "1"), profile_string(p, name)};
}

void script_await(struct script *s, uint64_t us, int32_t stack, enum time_class cause, const char *object)
{
	struct profile *p = s->p;

	GROW(p->awaits, p->n_awaits, p->cap_awaits);
	p->awaits[p->n_awaits++] = (struct await){s->t, us * US, p->n_tasks - 1, stack, cause, profile_string(p, object), us * US};
	script_pass(s, TIME_suspended, us);
}

void script_busy(struct script *s, uint64_t us, const char *request, const char *function, bool gil)
{
	struct profile *p = s->p;

	GROW(p->loop_busy, p->n_loop_busy, p->cap_loop_busy);
	p->loop_busy[p->n_loop_busy++] = (struct loop_busy){
		us * US, profile_string(p, request), profile_string(p, function), profile_string(p, "app/main.py"), 12, gil,
	};
}

static int by_time(const void *va, const void *vb)
{
	const struct sample *a = va, *b = vb;

	return (a->t > b->t) - (a->t < b->t);
}

static void finish_samples(struct profile *p)
{
	if (p->work.n_samples)
		qsort(p->work.samples, p->work.n_samples, sizeof *p->work.samples, by_time);
	for (size_t i = 0; i < p->work.n_samples; i++) {
		p->about.bound[p->work.samples[i].bound]++;
		p->about.ticks += !p->work.samples[i].edge;
		p->about.edges += p->work.samples[i].edge;
	}
}

struct profile *script_end(struct script *s)
{
	uint64_t known = 0;

	finish_samples(s->p);

	for (int c = 0; c < N_TIME_CLASSES; c++)
		known += s->p->time.classes_ns[c];
	assert(known <= s->p->time.wall_ns);
	s->p->time.classes_ns[TIME_unknown] += s->p->time.wall_ns - known;
	return s->p;
}
