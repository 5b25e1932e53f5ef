/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process' memory for each test, all zeros at first. */
#ifndef REQPROF_MEMORY_FIXTURE_H
#define REQPROF_MEMORY_FIXTURE_H

#include <stdlib.h>

#include "base/alloc.h"
#include "fake_memory.h"

static struct fake_memory *fake;
static struct memory memory;

static inline int setup(void **state)
{
	(void)state;
	fake = xcalloc(1, sizeof *fake);
	memory = fake_memory(fake);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	free(fake);
	return 0;
}

#endif
