/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/pool_threads.h"

#include <string.h>

#include "base/cleanup.h"
#include "capture/stacks.h"

/* Where the threads of well-known pools wait for work and do it: end of the file's name, end of the function's. */
static const struct {
	const char *file, *function;
} loops[] = {
	{"/concurrent/futures/thread.py", "_worker"},
	{"/anyio/_backends/_asyncio.py", "run"},
	{"/multiprocessing/pool.py", "worker"},
	{"/gevent/threadpool.py", "_worker"},
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !memcmp(s + n - m, end, m);
}

static bool is_in_pool(const struct profile *p, const struct raw_stack *stack)
{
	for (int32_t s = stack ? stack->index : -1; s >= 0; s = p->stacks[s].parent) {
		const struct frame *f = &p->frames[p->stacks[s].frame];

		for (size_t i = 0; f->file && i < ARRAY_LEN(loops); i++)
			if (ends_with(f->file, loops[i].file) && ends_with(f->function, loops[i].function))
				return true;
	}
	return false;
}

struct pool_threads pool_threads_find(const struct record_log *log, const struct profile *p)
{
	struct pool_threads cloned = {0}, found = {0};
	struct record_cursor cursor = {0};
	enum record_kind kind;
	const void *record;

	while ((record = record_next(log, &cursor, &kind))) {
		const struct record_bind *bind = record;
		const struct record_tick *tick = record;
		const struct record_wait *wait = record;

		if (kind == RECORD_BIND && bind->asleep && bind->worker < 64)
			cloned.bits |= 1ULL << bind->worker;
		else if (kind == RECORD_TICK && pool_threads_has(&cloned, tick->worker) && is_in_pool(p, tick->stack))
			found.bits |= 1ULL << tick->worker;
		else if (kind == RECORD_WAIT && pool_threads_has(&cloned, wait->worker) && is_in_pool(p, wait->stack))
			found.bits |= 1ULL << wait->worker;
	}
	return found;
}
