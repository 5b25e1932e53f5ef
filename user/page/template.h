/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A page with {{slots}}, and the hashes that its policy names. */
#ifndef REQPROF_TEMPLATE_H
#define REQPROF_TEMPLATE_H

#include <stdio.h>

struct template_slot {
	const char *name;
	void (*put)(FILE *f, const void *ctx);
};

/* Write the text from `page` to `end`, its slots filled by the `n` of the table. 0, or −EINVAL: one is not in the table. */
int template_write(FILE *f, const char *page, const char *end, const struct template_slot *slots, size_t n, const void *ctx);

/* 'sha256-…' of what `put` writes, as a policy names it. */
void template_hash(FILE *f, void (*put)(FILE *f, const void *ctx), const void *ctx);

#endif
