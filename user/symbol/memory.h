/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of a process, which may change or go while it is read, and hold anything. */
#ifndef REQPROF_MEMORY_H
#define REQPROF_MEMORY_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_READ_MAX 65536
#define MEMORY_PAGE 4096
#define MEMORY_END (1ULL << 47)  /* user addresses end there */

/* Who reads it. A call may cost 20 µs: rather few large ones. */
struct memory {
	int (*read)(void *ctx, int pid, uint64_t address, void *buffer, size_t n); /* all of them: 0, else −errno. n ≤ MEMORY_READ_MAX */
	void *ctx;
};

static inline int memory_read(const struct memory *m, int pid, uint64_t address, void *buffer, size_t n)
{
	if (n > MEMORY_READ_MAX || address < MEMORY_PAGE || address >= MEMORY_END - n)
		return -EFAULT;
	return m->read(m->ctx, pid, address, buffer, n);
}

#endif
