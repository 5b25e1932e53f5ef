/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* No unwinding tables: for tests that link code which asks for them. */
#ifndef REQPROF_FAKE_UNWINDING_H
#define REQPROF_FAKE_UNWINDING_H

#include "unwind/unwinders.h"
#include "unwind/unwinding.h"

const struct unwinder *const unwinders[] = {NULL};

struct unwinding *unwinding_new(struct symbolizer *s, const struct unwinding_sink *sink)
{
	(void)s;
	(void)sink;
	return NULL;
}

void unwinding_free(struct unwinding *u)
{
	(void)u;
}

int unwinding_update(struct unwinding *u, int pid)
{
	(void)u;
	(void)pid;
	return 0;
}

void unwinding_ask(struct unwinding *u, int pid, uint64_t address)
{
	(void)u;
	(void)pid;
	(void)address;
}

#endif
