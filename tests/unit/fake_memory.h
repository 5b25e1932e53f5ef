/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of a process that is not there: some pages of it, filled by the test. */
#ifndef REQPROF_FAKE_MEMORY_H
#define REQPROF_FAKE_MEMORY_H

#include <string.h>

#include "symbol/memory.h"

#define FAKE_START 0x7f0000000000ULL
#define FAKE_SIZE (64 * MEMORY_PAGE)
#define FAKE_PID 42

struct fake_memory {
	uint8_t bytes[FAKE_SIZE]; /* at FAKE_START */
	unsigned int reads;
	void (*before)(struct fake_memory *f, uint64_t address); /* something changes while it is read; may be NULL */
};

static inline int fake_read(void *ctx, int pid, uint64_t address, void *buffer, size_t n)
{
	struct fake_memory *f = ctx;

	if (f->before)
		f->before(f, address);
	f->reads++;
	if (pid != FAKE_PID)
		return -ESRCH;
	if (address < FAKE_START || address - FAKE_START > FAKE_SIZE || n > FAKE_SIZE - (address - FAKE_START))
		return -EFAULT;
	memcpy(buffer, f->bytes + (address - FAKE_START), n);
	return 0;
}

static inline struct memory fake_memory(struct fake_memory *f)
{
	return (struct memory){.read = fake_read, .ctx = f};
}

static inline void fake_put(struct fake_memory *f, uint64_t address, const void *data, size_t n)
{
	memcpy(f->bytes + (address - FAKE_START), data, n);
}

static inline void fake_put_u64(struct fake_memory *f, uint64_t address, uint64_t value)
{
	fake_put(f, address, &value, sizeof value);
}

static inline void fake_put_u32(struct fake_memory *f, uint64_t address, uint32_t value)
{
	fake_put(f, address, &value, sizeof value);
}

/* A str: `kind` bytes of each character, compact, as CPython `version` lays it out. */
static inline void fake_put_string(struct fake_memory *f, uint64_t address, uint16_t version, const void *data, size_t length, unsigned int kind,
				   int ascii)
{
	size_t at = version < 0x030c ? (ascii ? 48 : 72) : (ascii ? 40 : 56);

	fake_put_u64(f, address + 16, length);
	fake_put_u32(f, address + 32, kind << 2 | 1 << 5 | (ascii ? 1 << 6 : 0));
	fake_put(f, address + at, data, length * kind);
}

static inline void fake_put_ascii(struct fake_memory *f, uint64_t address, uint16_t version, const char *text)
{
	fake_put_string(f, address, version, text, strlen(text), 1, 1);
}

static inline void fake_put_bytes(struct fake_memory *f, uint64_t address, const void *data, size_t n)
{
	fake_put_u64(f, address + 16, n);
	fake_put(f, address + 32, data, n);
}

#endif
