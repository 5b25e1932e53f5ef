/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A namer without a process of its own: the address 0xADDR of process PID is the function "PID:0xADDR", the data symbol at FAKE_LOCK is app_lock.
 * Included by tests that link code which calls the real one.
 */
#ifndef REQPROF_FAKE_NAMER_H
#define REQPROF_FAKE_NAMER_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "capture/namer.h"
#include "capture/namer_source.h"

#define FAKE_LOCK 0x10c4ULL
#define FAKE_MUTEX_WAITER 0x3071ULL     /* address in pthread_mutex_lock */
#define FAKE_UNKNOWN 0xbadULL           /* address in no module */

static int fake_added, fake_renewed, fake_forgotten; /* processes, the last one */
static uint64_t fake_code;              /* Python's, the last one that was to be read soon */

struct namer *namer_new(const struct namer_options *options)
{
	(void)options;
	return NULL;
}

void namer_free(struct namer *n)
{
	(void)n;
}

void namer_set_pump(struct namer *n, int fd, bool (*pump)(void *ctx), void *ctx)
{
	(void)n;
	(void)fd;
	(void)pump;
	(void)ctx;
}

void namer_check(struct namer *n)
{
	(void)n;
}

int namer_add_process(struct namer *n, int pid)
{
	(void)n;
	fake_added = pid;
	return 0;
}

int namer_renew_process(struct namer *n, int pid)
{
	(void)n;
	fake_renewed = pid;
	return 0;
}

void namer_forget_process(struct namer *n, int pid)
{
	(void)n;
	fake_forgotten = pid;
}

static void fake_frame(int pid, uint64_t address, int kernel, void (*frame)(void *ctx, const struct symbol_frame *frame), void *ctx)
{
	char name[64];
	struct symbol_frame f = {.function = name, .module = kernel ? "kernel" : "/bin/app", .kind = kernel ? SYMBOL_KERNEL : SYMBOL_NATIVE};

	snprintf(name, sizeof name, "%d:0x%llx", kernel ? 0 : pid, (unsigned long long)address);
	if (address == FAKE_MUTEX_WAITER)
		snprintf(name, sizeof name, "___pthread_mutex_lock");
	if (address == FAKE_UNKNOWN)
		f.module = NULL;
	frame(ctx, &f);
}

/* Python frames are outside of all others, named by their code; inexact if there is no native one. */
struct stack_faults namer_stack(struct namer *n, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame),
				void *ctx)
{
	char name[64];

	(void)n;
	for (size_t i = stack->n_python; i-- > 0;) {
		snprintf(name, sizeof name, "python:0x%llx", (unsigned long long)stack->python[i].code);
		frame(ctx, &(struct symbol_frame){.function = name, .file = "/app/main.py", .line = stack->python[i].instr, .kind = SYMBOL_PYTHON});
	}
	for (size_t i = stack->n_kernel + stack->n_user; i > 0; i--)
		fake_frame(stack->pid, stack->addresses[i - 1], i <= stack->n_kernel, frame, ctx);
	return (struct stack_faults){.inexact = stack->n_python && !stack->n_user};
}

char *namer_data_name(struct namer *n, int pid, uint64_t address)
{
	(void)n;
	(void)pid;
	return address == FAKE_LOCK ? xstrdup("app_lock") : NULL;
}

void namer_executables(struct namer *n, int pid, void (*executable)(void *ctx, const char *path, const char *build_id, uint64_t rows), void *ctx)
{
	(void)n;
	(void)pid;
	(void)executable;
	(void)ctx;
}

void namer_code(struct namer *n, int pid, uint64_t address)
{
	(void)n;
	(void)pid;
	(void)address;
}

void namer_python(struct namer *n, int pid, const struct python_frame *frame)
{
	(void)n;
	(void)pid;
	fake_code = frame->code;
}

void namer_python_code(struct namer *n, const struct rp_python_code *code)
{
	(void)n;
	fake_code = code->frame.code;
}

static size_t fake_source_lines = 1000; /* that each file has */
static size_t fake_line_bytes = 10;     /* of each of them, at least */
static int fake_files;                  /* that were asked for */

/* Line 7 of every file is "7 xxx"; those below /missing are not there, those below /newer have changed. */
int namer_source(struct namer *n, int pid, const char *file, const struct line_range *ranges, size_t n_ranges,
		 void (*line)(void *ctx, uint32_t number, const char *text), void *ctx, bool *ret_newer)
{
	(void)n;
	(void)pid;
	fake_files++;
	*ret_newer = !strncmp(file, "/newer", 6);
	for (size_t i = 0; strncmp(file, "/missing", 8) && i < n_ranges; i++)
		for (uint32_t k = ranges[i].first; k <= ranges[i].last && k <= fake_source_lines; k++) {
			char *text = xasprintf("%u %0*d", k, (int)fake_line_bytes, 0);

			line(ctx, k, text);
			free(text);
		}
	return strncmp(file, "/missing", 8) ? 0 : -ENOENT;
}

#endif
