/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/sha256.h"

#define SLOT_BEGIN "{{"
#define SLOT_END "}}"

static const struct template_slot *find(const struct template_slot *slots, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(slots[i].name) == len && !memcmp(slots[i].name, name, len))
			return &slots[i];
	return NULL;
}

int template_write(FILE *f, const char *page, const char *end, const struct template_slot *slots, size_t n, const void *ctx)
{
	for (;;) {
		const char *begin = memmem(page, end - page, SLOT_BEGIN, strlen(SLOT_BEGIN)), *close;
		const struct template_slot *slot;

		fwrite(page, 1, (begin ? begin : end) - page, f);
		if (!begin)
			return 0;
		begin += strlen(SLOT_BEGIN);
		close = memmem(begin, end - begin, SLOT_END, strlen(SLOT_END));
		slot = close ? find(slots, n, begin, close - begin) : NULL;
		if (!slot)
			return -EINVAL;
		slot->put(f, ctx);
		page = close + strlen(SLOT_END);
	}
}

void template_hash(FILE *f, void (*put)(FILE *f, const void *ctx), const void *ctx)
{
	_cleanup_free_ char *content = NULL;
	uint8_t digest[SHA256_SIZE];
	size_t len;
	FILE *memory = open_memstream(&content, &len);

	if (!memory)
		abort(); /* out of memory, nothing else */
	put(memory, ctx);
	fclose(memory);
	sha256(content, len, digest);
	fputs("'sha256-", f);
	base64_write(f, digest, sizeof digest);
	fputc('\'', f);
}
