/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A namer's process of its own with a symbolizer that is as good as one, but does what the address says; what is written to stderr is kept.
 * Included by the tests of the namer.
 */
#ifndef REQPROF_NAMER_FIXTURE_H
#define REQPROF_NAMER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "capture/handlers.h"
#include "capture/namer.h"
#include "unwind/unwinding.h"

#define GONE_PID 13
#define HOSTILE 0x10000 /* addresses below are of /lib/good.so; from here on of /lib/bad-….so: what it does is in the last byte */

/* ---- the symbolizer, in the other process ------------------------------------------------------------------------ */

/* What reading a hostile file does. */
enum does { CRASHES, ABORTS, HANGS, RAVES, HAS_NO_MEMORY, TALKS_ON, IS_UNBLAMED };

struct symbolizer {
	const struct symbol_source *source;
	int pids[8];
	size_t n_pids;
};

struct symbolizer *symbolizer_new(const struct symbol_source *source, int kallsyms_fd)
{
	struct symbolizer *s = xcalloc(1, sizeof *s);

	(void)kallsyms_fd;
	s->source = source;
	return s;
}

void symbolizer_prepare(struct symbolizer *s)
{
	(void)s;
}

void symbolizer_free(struct symbolizer *s)
{
	free(s);
}

int symbolizer_add_process(struct symbolizer *s, int pid)
{
	if (pid == GONE_PID)
		return -ESRCH;
	s->pids[s->n_pids++ % ARRAY_LEN(s->pids)] = pid;
	return 0;
}

int symbolizer_renew_process(struct symbolizer *s, int pid)
{
	return symbolizer_add_process(s, pid);
}

void symbolizer_forget_process(struct symbolizer *s, int pid)
{
	for (size_t i = 0; i < ARRAY_LEN(s->pids); i++)
		if (s->pids[i] == pid)
			s->pids[i] = 0;
}

/* To every descriptor that may be the one to the parent. */
static void say_rubbish(size_t n)
{
	static const char rubbish[1 << 16] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

	for (int fd = 3; fd < 64; fd++)
		send(fd, rubbish, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	pause();
}

static void suffer(enum does does)
{
	switch (does) {
	case CRASHES:
	case IS_UNBLAMED:
		raise(SIGSEGV);
		break;
	case ABORTS:
		raise(SIGABRT);
		break;
	case HANGS:
		pause();
		break;
	case RAVES:
		say_rubbish(9);
		break;
	case HAS_NO_MEMORY:
		_exit(1);
	case TALKS_ON:
		say_rubbish(1 << 16);
		break;
	}
}

static bool can_be_read(struct symbolizer *s, uint64_t address, char *path, size_t size)
{
	struct file_id id = {.device = 8, .inode = address, .size = 100, .path = path};
	enum does does = address & 0xff;

	if (address < HOSTILE) {
		snprintf(path, size, "/lib/good.so");
		return true;
	}
	snprintf(path, size, "/lib/bad-%llx.so\033", (unsigned long long)address - HOSTILE);
	if (does == IS_UNBLAMED)
		suffer(does);
	if (!s->source->watch->begin(s->source->watch->ctx, &id))
		return false;
	suffer(does);
	return true;
}

/* The frame says which process is known, so that a new one is seen to be told. */
void symbolizer_stack(struct symbolizer *s, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame), void *ctx)
{
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(s->pids); i++)
		known |= s->pids[i] == stack->pid;
	for (size_t i = stack->n_kernel + stack->n_user; i-- > 0;) {
		uint64_t address = stack->addresses[i];
		char name[64], path[64];
		bool readable = can_be_read(s, address, path, sizeof path);

		snprintf(name, sizeof name, "%s%s%llx%s", known ? "" : "unknown:", readable ? "f" : "module+", (unsigned long long)address,
			 stack->user_exact ? "!" : "");
		frame(ctx, &(struct symbol_frame){.function = name, .file = "f.c", .line = 7, .module = path,
						  .kind = i < stack->n_kernel ? SYMBOL_KERNEL : SYMBOL_JIT, .inlined = i == 0});
	}
}

char *symbolizer_data_name(struct symbolizer *s, int pid, uint64_t address)
{
	char path[64];

	(void)pid;
	if (can_be_read(s, address, path, sizeof path))
		return address == 5 ? xstrdup("five") : NULL;
	return xstrdup("left alone");
}

void symbolizer_executables(struct symbolizer *s, int pid, void (*executable)(void *ctx, const char *path, const char *build_id, uint64_t id),
			    void *ctx)
{
	(void)s;
	if (pid == 1)
		return;
	executable(ctx, "/bin/app", "abcd", 1);
	executable(ctx, "/bin/app", "abcd", 1);
	executable(ctx, "/lib/good.so", NULL, 2);
}

/* ---- unwinding tables -------------------------------------------------------------------------------------------- */

struct unwinding {
	struct symbolizer *symbols;
	uint64_t asked;         /* the last address */
};

struct unwinding *unwinding_new(struct symbolizer *s, const struct unwinding_sink *sink, const struct file_watch *watch)
{
	struct unwinding *u = xcalloc(1, sizeof *u);

	assert_true(sink->rows && sink->texts && watch);
	u->symbols = s;
	return u;
}

void unwinding_free(struct unwinding *u)
{
	free(u);
}

int unwinding_ask(struct unwinding *u, int pid, uint64_t address)
{
	symbolizer_add_process(u->symbols, pid);
	u->asked = address;
	return 1;
}

uint64_t unwinding_rows(const struct unwinding *u, uint64_t id)
{
	return id == 1 ? 1000 + u->asked : 0;
}

/* ---- interpreters: their frames' names are their codes; a code that was read before is not unread ------------------------- */

/* There are no handlers. */
struct handlers *handlers_new(const struct handler_spec *specs, size_t n, struct symbolizer *symbols, const struct symbol_source *source,
			      const struct handlers_sink *sink)
{
	(void)specs;
	(void)symbols;
	(void)source;
	(void)sink;
	assert_int_equal(n, 0);
	return NULL;
}

void handlers_free(struct handlers *hs)
{
	(void)hs;
}

void handlers_update(struct handlers *hs, int pid)
{
	(void)hs;
	(void)pid;
}

void handlers_forget(struct handlers *hs, int pid)
{
	(void)hs;
	(void)pid;
}

struct pythons {
	struct symbolizer *symbols;
	uint64_t read;          /* the last code object */
};

struct pythons *pythons_new(struct symbolizer *symbols, const struct memory *memory, const struct pythons_sink *sink, const struct file_watch *watch)
{
	struct pythons *ps = xcalloc(1, sizeof *ps);

	assert_true(memory->read && sink->python && watch);
	ps->symbols = symbols;
	return ps;
}

void pythons_free(struct pythons *ps)
{
	free(ps);
}

void pythons_update(struct pythons *ps, int pid)
{
	(void)ps;
	(void)pid;
}

bool pythons_has(const struct pythons *ps, int pid)
{
	(void)ps;
	(void)pid;
	return true;
}

void pythons_forget(struct pythons *ps, int pid)
{
	(void)ps;
	(void)pid;
}

void pythons_code(struct pythons *ps, int pid, uint64_t code, uint32_t check)
{
	if (pid == 42 && check == 3)
		ps->read = code;
}

/* As it should: the last byte of its parts is the last of its line table. */
void pythons_take_code(struct pythons *ps, const struct rp_python_code *code)
{
	const uint8_t *bytes = (const uint8_t *)(code + 1);

	if (code->h.pid == 42 && code->frame.check == 3 && bytes[code->len[RP_CODE_FUNCTION] + code->len[RP_CODE_LINES] - 1] == 'z')
		ps->read = code->frame.code;
}

struct stack_faults pythons_stack(struct pythons *ps, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame),
				  void *ctx)
{
	struct stack_faults faults = {.inexact = stack->n_python > 1};
	char name[64];

	for (size_t i = stack->n_python; i-- > 0;) {
		snprintf(name, sizeof name, "py%llx:%x", (unsigned long long)stack->python[i].code, stack->python[i].instr);
		frame(ctx, &(struct symbol_frame){.function = name, .module = "app", .kind = SYMBOL_PYTHON});
		faults.unread += stack->python[i].code != ps->read;
	}
	symbolizer_stack(ps->symbols, stack, frame, ctx);
	return faults;
}

/* ---- fixtures ---------------------------------------------------------------------------------------------------- */

struct fixture {
	struct namer_options options;
	struct namer *namer;
	char said[8192];        /* on stderr */
	int stderr_copy, stderr_file;
	char frames[1024];      /* of the last stack */
	int pumped;
};

static int begin(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->options = (struct namer_options){.questions = -1, .kallsyms_fd = -1, .answer_ns = NAMER_ANSWER_NS};
	f->stderr_copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	f->stderr_file = memfd_create("stderr", MFD_CLOEXEC);
	*state = f;
	return f->stderr_copy < 0 || f->stderr_file < 0 || dup2(f->stderr_file, STDERR_FILENO) < 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	namer_free(f->namer);
	dup2(f->stderr_copy, STDERR_FILENO);
	close(f->stderr_copy);
	close(f->stderr_file);
	free(f);
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD; /* nothing is left, not even a zombie */
}

static struct namer *start(struct fixture *f)
{
	f->namer = namer_new(&f->options);
	return f->namer;
}

static int lines_said(struct fixture *f)
{
	ssize_t n = pread(f->stderr_file, f->said, sizeof f->said - 1, 0);
	int lines = 0;

	f->said[n > 0 ? n : 0] = 0;
	for (const char *c = f->said; (c = strchr(c, '\n')); c++)
		lines++;
	return lines;
}

static void take_frame(void *ctx, const struct symbol_frame *frame)
{
	struct fixture *f = ctx;
	size_t n = strlen(f->frames);

	snprintf(f->frames + n, sizeof f->frames - n, "%s%s%s", n ? " " : "", frame->function, frame->module ? "" : "?");
}

/* A stack of up to three addresses, innermost first; 0 ends it. */
static const char *stack(struct fixture *f, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t addresses[] = {a, b, c};
	size_t n = 1 + !!b + (b && c);

	f->frames[0] = 0;
	namer_stack(f->namer, &(struct symbol_stack){.pid = 42, .addresses = addresses, .n_kernel = 1, .n_user = n - 1}, take_frame, f);
	return f->frames;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
