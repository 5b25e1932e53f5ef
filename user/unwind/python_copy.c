/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/python_copy.h"

#include <string.h>

/* Behind the end of a whole object nothing of it is left to read: whoever reads blocks gets zeros there. */
static bool read_part(const uint8_t *bytes, size_t len, bool whole, uint64_t offset, void *buffer, size_t n)
{
	size_t there = offset < len ? len - offset : 0;

	if (!there || (n > there && !whole))
		return false;
	memset(buffer, 0, n);
	memcpy(buffer, bytes + offset, n < there ? n : there);
	return true;
}

static int read_copy(void *ctx, int pid, uint64_t address, void *buffer, size_t n)
{
	struct python_copy *copy = ctx;
	const struct rp_python_code *c = copy->code;
	const uint8_t *bytes = copy->bytes;

	for (unsigned int i = 0; i < RP_CODE_PARTS; bytes += c->len[i++])
		if (address >= c->parts[i] && read_part(bytes, c->len[i], c->h.flags >> i & 1, address - c->parts[i], buffer, n))
			return 0;
	copy->incomplete = true;
	return memory_read(copy->process, pid, address, buffer, n);
}

struct memory python_copy_memory(struct python_copy *copy)
{
	return (struct memory){.read = read_copy, .ctx = copy};
}
