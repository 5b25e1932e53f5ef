/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/unwinding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/protocol.h"
#include "base/sealed.h"
#include "symbol/elf.h"
#include "unwind/cfi.h"

#define HUGE_BYTES (32U << 20)
/* How often code that is not to be seen is looked for again at once. */
#define MOMENTS 8
#define MOMENT_NS 300000

#define PROCESSES_MAX 512
#define RETRY_NS 10000000000 /* executables for which there was no room */
#define MEMORY_FILE "/memfd:" /* where some programs put code that they make */

/* Between two readings of a process' mappings because of addresses in none. */
#define PAUSE_MIN_NS 2000000
#define PAUSE_MAX_NS 2000000000

enum state { LOADED, NO_ROWS, REFUSED };

struct executable {
	UT_hash_handle hh;
	uint64_t id;            /* of its file */
	enum state state;
	size_t rows;
	uint64_t tried_ns;
};

struct process {
	UT_hash_handle hh;
	int pid;
	struct msg_text *texts; /* as handed over last */
	size_t n;
	uint64_t asked_ns, pause_ns; /* unwinding_ask(): the last time that it looked, and for how long not again */
};

struct unwinding {
	struct symbolizer *symbols;
	struct unwinding_sink sink;
	const struct file_watch *watch;
	uint64_t first_id;      /* executables of another process in this one's place must not be taken for ours */
	struct executable *executables;
	struct process *processes;
	uint64_t ns;
};

struct unwinding *unwinding_new(struct symbolizer *s, const struct unwinding_sink *sink, const struct file_watch *watch)
{
	struct unwinding *u = xcalloc(1, sizeof *u);

	u->symbols = s;
	u->sink = *sink;
	u->watch = watch;
	u->first_id = (uint64_t)getpid() << 32;
	return u;
}

static void forget_executables(struct unwinding *u)
{
	struct executable *e, *next;

	HASH_ITER(hh, u->executables, e, next) {
		HASH_DEL(u->executables, e);
		free(e);
	}
}

void unwinding_free(struct unwinding *u)
{
	if (!u)
		return;
	while (u->processes)
		unwinding_forget(u, u->processes->pid);
	forget_executables(u);
	free(u);
}

static struct process *find_process(const struct unwinding *u, int pid)
{
	struct process *p;

	HASH_FIND_INT(u->processes, &pid, p);
	return p;
}

void unwinding_forget(struct unwinding *u, int pid)
{
	struct process *p = find_process(u, pid);

	if (!p)
		return;
	HASH_DEL(u->processes, p);
	free(p->texts);
	free(p);
}

/* ---- executables ---------------------------------------------------------------------------------------------------- */

static struct executable *find_executable(const struct unwinding *u, uint64_t id)
{
	struct executable *e;

	HASH_FIND(hh, u->executables, &id, sizeof id, e);
	return e;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static enum state hand_over(struct unwinding *u, uint64_t id, const struct cfi_rows *rows)
{
	const struct msg_rows header = {.base = rows->base};
	_cleanup_close_ int fd = sealed_new(&header, sizeof header, rows->rows, rows->n * sizeof *rows->rows);
	int r = fd < 0 ? fd : u->sink.rows(u->sink.ctx, u->first_id + id, fd);

	return !r || r == -EEXIST ? LOADED : REFUSED;
}

/* A file that was the end of another process in this one's place is left alone. */
static enum state make_rows(struct unwinding *u, const struct symbol_code *code, struct cfi_rows *ret)
{
	bool watched = u->watch && code->file;
	int r;

	*ret = (struct cfi_rows){0};
	if (watched && !u->watch->begin(u->watch->ctx, code->file))
		return REFUSED;
	r = cfi_rows(code->elf, ret);
	if (watched)
		u->watch->end(u->watch->ctx);
	return r ? NO_ROWS : LOADED;
}

static void load(struct unwinding *u, const struct symbol_code *code)
{
	struct executable *e = xcalloc(1, sizeof *e);
	uint64_t begin = now();
	struct cfi_rows rows;

	e->id = code->id;
	e->tried_ns = begin;
	e->state = make_rows(u, code, &rows);
	u->ns += now() - begin;
	if (e->state == LOADED)
		e->state = hand_over(u, e->id, &rows);
	e->rows = e->state == LOADED ? rows.n : 0;
	HASH_ADD(hh, u->executables, id, sizeof e->id, e);
	cfi_rows_free(&rows);
}

/* ---- the code of a process -------------------------------------------------------------------------------------------- */

struct listing {
	struct unwinding *u;
	const struct process *process;
	struct msg_text *texts;
	size_t n, cap;
	bool huge;              /* executables of that size are loaded now, else left for later */
	bool left;              /* some were */
};

static void add_text(struct listing *l, struct msg_text text)
{
	GROW(l->texts, l->n, l->cap);
	l->texts[l->n++] = text;
}

/* Code that a program makes, one mapping after the other: one range. */
static void add_generated(struct listing *l, const struct symbol_code *code)
{
	struct msg_text *last = l->n ? &l->texts[l->n - 1] : NULL;

	if (last && last->end == code->start && last->executable == MSG_TEXT_FRAME_POINTERS)
		last->end = code->end;
	else
		add_text(l, (struct msg_text){.start = code->start, .end = code->end, .executable = MSG_TEXT_FRAME_POINTERS});
}

static uint64_t executable_of(struct listing *l, const struct symbol_code *code)
{
	struct executable *e = find_executable(l->u, code->id);

	if (e && e->state == REFUSED && now() - e->tried_ns > RETRY_NS) {
		HASH_DEL(l->u->executables, e);
		free(TAKE_PTR(e));
	}
	if (!e) {
		if (code->elf->mapped.size > HUGE_BYTES && !l->huge) {
			l->left = true;
			return MSG_TEXT_NOT_LOADED;
		}
		load(l->u, code);
		e = find_executable(l->u, code->id);
	}
	return e->state == LOADED ? l->u->first_id + e->id : e->state == REFUSED ? MSG_TEXT_NOT_LOADED : MSG_TEXT_FRAME_POINTERS;
}

/* Memory that held code when it was looked at last: V8, for one, makes its code writable instead of executable whenever it changes some. */
static void add_code_of_before(struct listing *l, const struct symbol_code *code)
{
	const struct process *p = l->process;

	for (size_t i = 0; i < p->n; i++) {
		const struct msg_text *t = &p->texts[i];
		struct symbol_code both = {
			.start = t->start > code->start ? t->start : code->start, .end = t->end < code->end ? t->end : code->end,
		};

		if (t->executable == MSG_TEXT_FRAME_POINTERS && both.start < both.end)
			add_generated(l, &both);
	}
}

/* Not listed: the kernel's area for instructions under a uprobe, whose address on a stack stands for another one; and [vsyscall]. */
static bool is_kernels(const struct symbol_code *code)
{
	return code->path && (!strcmp(code->path, "[uprobes]") || !strcmp(code->path, "[vsyscall]"));
}

static void list_code(void *ctx, const struct symbol_code *code)
{
	struct listing *l = ctx;

	if (is_kernels(code))
		return;
	if (!code->executable)
		return add_code_of_before(l, code);
	if (code->is_file && !code->elf && strncmp(code->path, MEMORY_FILE, sizeof MEMORY_FILE - 1))
		add_text(l, (struct msg_text){.start = code->start, .end = code->end, .executable = MSG_TEXT_NOT_LOADED});
	else if (code->elf)
		add_text(l, (struct msg_text){.start = code->start, .end = code->end, .bias = code->bias, .executable = executable_of(l, code)});
	else
		add_generated(l, code);
}

static bool same(const struct listing *l, const struct process *p)
{
	return l->n == p->n && !memcmp(l->texts, p->texts, l->n * sizeof *l->texts);
}

/* Make the list, and hand it over if it is another one. */
static int pass(struct listing *l, struct process *p)
{
	_cleanup_close_ int fd = -1;
	int r;

	l->n = 0;
	l->left = false;
	symbolizer_code(l->u->symbols, p->pid, list_code, l);
	if (!l->n)
		return -ESRCH;
	if (same(l, p))
		return 0;
	fd = sealed_new(l->texts, l->n * sizeof *l->texts, NULL, 0);
	r = fd < 0 ? fd : l->u->sink.texts(l->u->sink.ctx, p->pid, fd, l->left);
	if (r)
		return r;
	p->texts = xrealloc(p->texts, l->n, sizeof *p->texts);
	memcpy(p->texts, l->texts, l->n * sizeof *l->texts);
	p->n = l->n;
	return 1;
}

/* What was evicted is made anew. */
static int pass_again_if_stale(struct listing *l, struct process *p)
{
	int r = pass(l, p);

	if (r != -ESTALE)
		return r;
	forget_executables(l->u);
	return pass(l, p);
}

static struct process *find_or_add_process(struct unwinding *u, int pid)
{
	struct process *p = find_process(u, pid);

	if (p)
		return p;
	if (HASH_COUNT(u->processes) >= PROCESSES_MAX)
		unwinding_forget(u, u->processes->pid); /* added first; it may be over since */
	p = xcalloc(1, sizeof *p);
	p->pid = pid;
	p->pause_ns = PAUSE_MIN_NS;
	HASH_ADD_INT(u->processes, pid, p);
	return p;
}

int unwinding_update(struct unwinding *u, int pid)
{
	struct process *p = find_or_add_process(u, pid);
	struct listing l = {.u = u, .process = p};
	int r = symbolizer_add_process(u->symbols, pid);

	if (!r)
		r = pass_again_if_stale(&l, p);
	if (r >= 0 && l.left) {
		l.huge = true;
		r = pass_again_if_stale(&l, p);
	}
	free(l.texts);
	if (r < 0) {
		u->sink.texts(u->sink.ctx, pid, -1, false);
		unwinding_forget(u, pid);
	}
	return r;
}

static bool holds(const struct process *p, uint64_t address)
{
	for (size_t i = 0; i < p->n; i++)
		if (address - p->texts[i].start < p->texts[i].end - p->texts[i].start)
			return true;
	return false;
}

/* A thread has run there, so it is executable but for moments: add_code_of_before(). */
static int update_until_held(struct unwinding *u, struct process *p, uint64_t address)
{
	const struct timespec moment = {.tv_nsec = MOMENT_NS};
	int changed = 0, r;

	for (int i = 0; i < MOMENTS; i++) {
		r = unwinding_update(u, p->pid);
		if (r < 0)
			return r;
		changed |= r;
		if (!address || holds(p, address))
			break;
		nanosleep(&moment, NULL);
	}
	return changed;
}

/* Code that is being made changes the list again and again. What does not change it is waited for ever longer; but where something has been mapped
 * (address 0), nobody would ask again. */
static int ask(struct unwinding *u, struct process *p, uint64_t address)
{
	uint64_t pause = 2 * p->pause_ns;
	int r;

	if (address && (holds(p, address) || now() - p->asked_ns < p->pause_ns))
		return 0;
	r = update_until_held(u, p, address);
	if (r < 0)
		return 0; /* forgotten */
	p->asked_ns = now();
	if (r)
		p->pause_ns = PAUSE_MIN_NS;
	else if (address)
		p->pause_ns = pause < PAUSE_MAX_NS ? pause : PAUSE_MAX_NS;
	return r;
}

int unwinding_ask(struct unwinding *u, int pid, uint64_t address)
{
	struct process *p, *next;
	int changed = 0;

	if (pid)
		return ask(u, find_or_add_process(u, pid), address);
	HASH_ITER(hh, u->processes, p, next)
		changed |= ask(u, p, address);
	return changed;
}

uint64_t unwinding_rows(const struct unwinding *u, uint64_t id)
{
	const struct executable *e = find_executable(u, id);

	return e ? e->rows : 0;
}

struct unwinding_counts unwinding_counts(const struct unwinding *u)
{
	struct unwinding_counts counts = {.ns = u->ns};
	struct executable *e, *next;

	HASH_ITER(hh, u->executables, e, next) {
		counts.executables += e->state == LOADED;
		counts.refused += e->state == REFUSED;
		counts.rows += e->rows;
	}
	return counts;
}
