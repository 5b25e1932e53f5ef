/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values by ranges of addresses. */
#ifndef REQPROF_RANGES_H
#define REQPROF_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t begin, end, value;
};

struct ranges {
	struct range *list;
	size_t n, cap;
};

/* Add [begin, end); nothing if it is empty. */
void ranges_add(struct ranges *ranges, uint64_t begin, uint64_t end, uint64_t value);
/* Once, after all are added. */
void ranges_sort(struct ranges *ranges);
void ranges_clear(struct ranges *ranges);

/* The value of the range that holds an address; of several, that of the one that begins last. */
bool ranges_find(const struct ranges *ranges, uint64_t address, uint64_t *ret_value);

#endif
