/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/pythons.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/protocol.h"
#include "base/sealed.h"
#include "unwind/python.h"
#include "unwind/python_code.h"
#include "unwind/python_queue.h"
#include "unwind/python_stack.h"

#define PROCESSES_MAX 1024

enum state { NOT_FOUND, FOUND, REFUSED };

struct process {
	UT_hash_handle hh;
	int pid;
	enum state state;
	struct python_runtime runtime; /* FOUND */
};

struct pythons {
	struct symbolizer *symbols;
	struct memory memory;
	struct pythons_sink sink;
	struct python_modules *modules;
	struct python_codes *codes;
	struct process *processes;
};

struct pythons *pythons_new(struct symbolizer *symbols, const struct memory *memory, const struct pythons_sink *sink, const struct file_watch *watch)
{
	struct pythons *ps = xcalloc(1, sizeof *ps);

	ps->symbols = symbols;
	ps->memory = *memory;
	ps->sink = *sink;
	ps->modules = python_modules_new(watch);
	ps->codes = python_codes_new();
	return ps;
}

static void drop(struct pythons *ps, struct process *p)
{
	HASH_DEL(ps->processes, p);
	python_runtime_clear(&p->runtime);
	free(p);
}

void pythons_free(struct pythons *ps)
{
	if (!ps)
		return;
	while (ps->processes)
		drop(ps, ps->processes);
	python_codes_free(ps->codes);
	python_modules_free(ps->modules);
	free(ps);
}

static struct process *find(const struct pythons *ps, int pid)
{
	struct process *p;

	HASH_FIND_INT(ps->processes, &pid, p);
	return p;
}

static struct process *find_or_add(struct pythons *ps, int pid)
{
	struct process *p = find(ps, pid);

	if (p)
		return p;
	if (HASH_COUNT(ps->processes) >= PROCESSES_MAX)
		drop(ps, ps->processes); /* added first; it may be over since */
	p = xcalloc(1, sizeof *p);
	p->pid = pid;
	HASH_ADD_INT(ps->processes, pid, p);
	return p;
}

/* ---- looking for it ----------------------------------------------------------------------------------------------------- */

static void hand_over(struct pythons *ps, const struct process *p)
{
	const struct python_runtime *r = &p->runtime;
	struct msg_python header = {
		.copy = {r->copy_context, r->copy_context_mapping.start, r->copy_context_mapping.end},
		.put = {r->queue_put, r->queue_put_mapping.start, r->queue_put_mapping.end},
	};
	_cleanup_free_ char *name = python_runtime_name(&p->runtime);
	_cleanup_close_ int fd = -1;

	_Static_assert(sizeof header.fresh == sizeof r->fresh_contexts, "fresh");
	memcpy(header.fresh, r->fresh_contexts, sizeof header.fresh);
	fd = sealed_new(&header, sizeof header, &r->offsets, sizeof r->offsets);
	if (fd >= 0)
		ps->sink.python(ps->sink.ctx, p->pid, fd, name);
}

static void look(struct pythons *ps, struct process *p, const struct maps *maps)
{
	_cleanup_free_ char *why = NULL;
	int r = python_find(ps->modules, maps, &ps->memory, p->pid, &p->runtime, &why);

	if (r > 0) {
		p->state = FOUND;
		python_queue_find(maps, &ps->memory, p->pid, &p->runtime);
		hand_over(ps, p);
	} else if (why) {
		p->state = REFUSED;
		ps->sink.python(ps->sink.ctx, p->pid, -1, why);
	}
}

/* An exec that nobody told of, or another process of that number, has something else there. */
static bool is_there_still(const struct process *p, const struct maps *maps)
{
	const struct mapping *m = p->runtime.n_texts ? maps_find(maps, p->runtime.texts[0].start) : NULL;

	return m && m->start == p->runtime.texts[0].start && m->end == p->runtime.texts[0].end && m->executable;
}

static void lose(struct pythons *ps, struct process *p)
{
	python_runtime_clear(&p->runtime);
	python_codes_forget(ps->codes, p->pid);
	p->state = NOT_FOUND;
	ps->sink.python(ps->sink.ctx, p->pid, -1, "");
}

static void update(struct pythons *ps, struct process *p)
{
	const struct maps *maps = symbolizer_maps(ps->symbols, p->pid);

	if (!maps)
		return;
	if (p->state == FOUND && !is_there_still(p, maps))
		lose(ps, p);
	if (p->state == NOT_FOUND)
		look(ps, p, maps);
	else if (p->state == FOUND && !p->runtime.queue_put && python_queue_find(maps, &ps->memory, p->pid, &p->runtime))
		hand_over(ps, p);
}

void pythons_update(struct pythons *ps, int pid)
{
	struct process *p, *next;

	if (pid)
		return update(ps, find_or_add(ps, pid));
	HASH_ITER(hh, ps->processes, p, next)
		update(ps, p);
}

bool pythons_has(const struct pythons *ps, int pid)
{
	return find(ps, pid);
}

void pythons_forget(struct pythons *ps, int pid)
{
	struct process *p = find(ps, pid);

	if (!p)
		return;
	if (p->state == FOUND)
		lose(ps, p);
	drop(ps, p);
}

/* Its interpreter, looked for if need be. NULL = none. */
static const struct python_runtime *runtime_of(struct pythons *ps, int pid)
{
	struct process *p = find_or_add(ps, pid);

	if (p->state == NOT_FOUND)
		update(ps, p);
	return p->state == FOUND ? &p->runtime : NULL;
}

/* ---- names -------------------------------------------------------------------------------------------------------------- */

void pythons_code(struct pythons *ps, int pid, uint64_t code, uint32_t check)
{
	const struct rp_python_frame frame = {.code = code, .instr = RP_PYTHON_NO_INSTR, .check = check};
	const struct python_runtime *runtime = runtime_of(ps, pid);
	struct python_code_place place;

	if (runtime)
		python_code_find(ps->codes, &ps->memory, pid, &runtime->offsets, &frame, &place);
}

void pythons_take_code(struct pythons *ps, const struct rp_python_code *code)
{
	const struct python_runtime *runtime = runtime_of(ps, code->h.pid);

	if (runtime)
		python_code_take(ps->codes, &ps->memory, code->h.pid, &runtime->offsets, code, (const uint8_t *)(code + 1));
}

struct naming {
	struct pythons *pythons;
	const struct python_runtime *runtime; /* NULL: frames of an interpreter that is not known any more */
	int pid;
	struct stack_faults faults;
	void (*frame)(void *ctx, const struct symbol_frame *frame);
	void *ctx;
};

static void name_native(void *ctx, const struct symbol_frame *frame)
{
	const struct naming *n = ctx;

	n->frame(n->ctx, frame);
}

static void name_python(void *ctx, const struct rp_python_frame *frame)
{
	struct naming *n = ctx;
	struct python_code_place place = {.function = "<code not readable>"};
	int r = -ESRCH;

	if (n->runtime)
		r = python_code_find(n->pythons->codes, &n->pythons->memory, n->pid, &n->runtime->offsets, frame, &place);
	n->faults.unread += r < 0;
	n->frame(n->ctx, &(struct symbol_frame){
		.function = place.function, .file = place.file, .module = place.package, .line = place.line, .kind = SYMBOL_PYTHON,
	});
}

static size_t copy_frames(const struct symbol_stack *stack, struct rp_python_frame frames[PYTHON_STACK_MAX])
{
	size_t n = stack->n_python < PYTHON_STACK_MAX ? stack->n_python : PYTHON_STACK_MAX;

	for (size_t i = 0; i < n; i++)
		frames[i] = (struct rp_python_frame){.code = stack->python[i].code, .instr = stack->python[i].instr, .check = stack->python[i].check};
	return n;
}

struct stack_faults pythons_stack(struct pythons *ps, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame),
				  void *ctx)
{
	static const struct python_runtime unknown;
	struct naming n = {.pythons = ps, .pid = stack->pid, .frame = frame, .ctx = ctx};
	const struct python_stack_sink sink = {.ctx = &n, .native = name_native, .python = name_python};
	struct rp_python_frame frames[PYTHON_STACK_MAX];
	struct python_stack s;

	if (!stack->n_python) {
		symbolizer_stack(ps->symbols, stack, frame, ctx);
		return n.faults;
	}
	n.runtime = runtime_of(ps, stack->pid);
	python_stack_begin(&s, n.runtime ? n.runtime : &unknown, stack, frames, copy_frames(stack, frames), &sink);
	symbolizer_stack(ps->symbols, stack, python_stack_native, &s);
	n.faults.inexact = s.inexact;
	return n.faults;
}
