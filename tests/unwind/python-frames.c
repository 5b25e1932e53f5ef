/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * python-frames PID: what is found of CPython in a process, and the frames of each of its threads, as the program names them. The process is
 * stopped thread by thread. Lines of fields with tabs between them:
 *
 *   python VERSION MODULE EVALS FREE_CONTEXTS COPY_CONTEXT      hexadecimal version; 1 or 0; offset in the file
 *   thread IDENT TID EVALS WHOLE                                native frames in the evaluation loop by libdwfl, and whether it came to an end
 *   frame ENTRY GENERATOR LINE FIRST_LINE FUNCTION FILE PACKAGE innermost first
 *   mixed                                                       both together follow, outermost first:
 *   python FUNCTION
 *   native FUNCTION MODULE
 *   exact 1                                                     loops and frames agreed, else 0
 *   none WHY ERROR
 *
 * Exit status 1: there is no Python; 2: it cannot be read, said on stderr.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "base/cleanup.h"
#include "python_walk.h"
#include "reference.h"
#include "stopped.h"
#include "target.h"
#include "unwind/python.h"
#include "unwind/python_code.h"
#include "unwind/python_stack.h"

struct look {
	int pid;
	struct memory memory;
	struct symbolizer *symbols;
	struct python_runtime python;
	struct python_codes *codes;
	struct reference *reference;
};

static int count_evals(const struct look *l, const uint64_t *addresses, int n)
{
	int evals = 0;

	for (int i = 0; i < n; i++)
		evals += python_is_eval(&l->python, addresses[i] - (i > 0));
	return evals;
}

static void print_frame(struct look *l, const struct rp_python_frame *f)
{
	struct python_code_place place;

	python_code_find(l->codes, &l->memory, l->pid, &l->python.offsets, f, &place);
	printf("frame\t%d\t%d\t%u\t%u\t%s\t%s\t%s\n", !!(f->instr & RP_PYTHON_ENTRY), !!(f->instr & RP_PYTHON_GENERATOR), place.line, place.first_line,
	       place.function, place.file ? place.file : "?", place.package ? place.package : "-");
}

/* ---- both together ---------------------------------------------------------------------------------------------------- */

static void print_native(void *ctx, const struct symbol_frame *f)
{
	(void)ctx;
	printf("native\t%s\t%s\n", f->function, f->module ? f->module : "?");
}

static void print_python(void *ctx, const struct rp_python_frame *f)
{
	struct look *l = ctx;
	struct python_code_place place;

	python_code_find(l->codes, &l->memory, l->pid, &l->python.offsets, f, &place);
	printf("python\t%s\n", place.function);
}

static void print_mixed(struct look *l, const uint64_t *addresses, size_t n, const struct rp_python_frame *frames, size_t n_frames)
{
	const struct python_stack_sink sink = {.ctx = l, .native = print_native, .python = print_python};
	const struct symbol_stack stack = {.pid = l->pid, .t = UINT64_MAX, .addresses = addresses, .n_user = n, .user_exact = true};
	struct python_stack s;

	printf("mixed\n");
	python_stack_begin(&s, &l->python, &stack, frames, n_frames, &sink);
	symbolizer_stack(l->symbols, &stack, python_stack_native, &s);
	printf("exact\t%d\n", !s.inexact);
}

/* ------------------------------------------------------------------------------------------------------------------------ */

static void print_stack(struct look *l, pid_t tid, uint64_t ident)
{
	struct rp_python_frame frames[RP_MAX_PYTHON_FRAMES];
	uint64_t addresses[4096], thread = python_walk_thread(&l->memory, l->pid, &l->python.offsets, ident);
	bool whole;
	int n = thread ? reference_unwind(l->reference, tid, addresses, ARRAY_LEN(addresses), &whole) : 0, n_frames;

	if (!thread)
		return;
	printf("thread\t%" PRIu64 "\t%d\t%d\t%d\n", ident, tid, count_evals(l, addresses, n), whole);
	n_frames = python_walk(&l->memory, l->pid, &l->python.offsets, thread, frames, RP_MAX_PYTHON_FRAMES);
	for (int i = 0; i < n_frames; i++)
		print_frame(l, &frames[i]);
	print_mixed(l, addresses, n, frames, n_frames);
}

static void print_thread(struct look *l, pid_t tid)
{
	struct user_regs_struct registers;
	int signal;

	if (!thread_stop(tid, &signal))
		return;
	if (!ptrace(PTRACE_GETREGS, tid, NULL, &registers))
		print_stack(l, tid, registers.fs_base);
	thread_continue(tid, signal);
}

static int print_threads(struct look *l)
{
	char path[64];
	struct dirent *e;
	DIR *d;

	printf("python\t%x\t%s\t%zu\t%d\t%" PRIx64 "\n", l->python.version, l->python.module, l->python.n_eval,
	       l->python.offsets.interpreter_free_contexts != RP_PYTHON_NONE, l->python.copy_context);
	snprintf(path, sizeof path, "/proc/%d/task", l->pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			print_thread(l, strtol(e->d_name, NULL, 10));
	if (d)
		closedir(d);
	return 0;
}

static int look(struct look *l, const struct maps *maps)
{
	struct python_modules *modules = python_modules_new(NULL);
	_cleanup_free_ char *why = NULL;
	int r = python_find(modules, maps, &l->memory, l->pid, &l->python, &why);

	python_modules_free(modules);
	if (r <= 0)
		printf("none\t%s\t%s\n", why ? why : "-", strerror(-r));
	if (r <= 0)
		return 1;
	l->codes = python_codes_new();
	l->reference = reference_open(l->pid);
	r = l->reference ? print_threads(l) : 2;
	reference_close(l->reference);
	python_codes_free(l->codes);
	python_runtime_clear(&l->python);
	return r;
}

int main(int argc, char **argv)
{
	struct symbol_source source = target_source();
	struct symbolizer *symbols = symbolizer_new(&source, -1);
	struct look l = {.pid = argc == 2 ? strtol(argv[1], NULL, 10) : 0, .memory = target_memory(), .symbols = symbols};
	int r = symbolizer_add_process(symbols, l.pid);

	if (r)
		fprintf(stderr, "python-frames: process %d: %s\n", l.pid, strerror(-r));
	r = r ? 2 : look(&l, symbolizer_maps(symbols, l.pid));
	symbolizer_free(symbols);
	return r;
}
