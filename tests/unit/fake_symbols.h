/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A symbolizer without a process: the address 0xADDR of process PID is the function "PID:0xADDR", the data symbol at FAKE_LOCK is app_lock.
 * Included by tests that link code which calls the real one.
 */
#ifndef REQPROF_FAKE_SYMBOLS_H
#define REQPROF_FAKE_SYMBOLS_H

#include <stdio.h>

#include "base/alloc.h"
#include "symbol/symbolizer.h"

#define FAKE_LOCK 0x10c4ULL
#define FAKE_MUTEX_WAITER 0x3071ULL     /* address in pthread_mutex_lock */
#define FAKE_UNKNOWN 0xbadULL           /* address in no module */

static int fake_added, fake_renewed, fake_forgotten; /* processes, the last one */

struct symbolizer *symbolizer_new(const struct symbol_source *source, int kallsyms_fd)
{
	(void)source;
	(void)kallsyms_fd;
	return NULL;
}

void symbolizer_free(struct symbolizer *s)
{
	(void)s;
}

int symbolizer_add_process(struct symbolizer *s, int pid)
{
	(void)s;
	fake_added = pid;
	return 0;
}

int symbolizer_renew_process(struct symbolizer *s, int pid)
{
	(void)s;
	fake_renewed = pid;
	return 0;
}

void symbolizer_forget_process(struct symbolizer *s, int pid)
{
	(void)s;
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

void symbolizer_stack(struct symbolizer *s, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame), void *ctx)
{
	(void)s;
	for (size_t i = stack->n_kernel + stack->n_user; i > 0; i--)
		fake_frame(stack->pid, stack->addresses[i - 1], i <= stack->n_kernel, frame, ctx);
}

char *symbolizer_data_name(struct symbolizer *s, int pid, uint64_t address)
{
	(void)s;
	(void)pid;
	return address == FAKE_LOCK ? xstrdup("app_lock") : NULL;
}

void symbolizer_executables(struct symbolizer *s, int pid, void (*executable)(void *ctx, const char *path, const char *build_id), void *ctx)
{
	(void)s;
	(void)pid;
	(void)executable;
	(void)ctx;
}

#endif
