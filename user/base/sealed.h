/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory that is handed to another process and that its maker cannot change any more: memfd_create(2) with seals. */
#ifndef REQPROF_SEALED_H
#define REQPROF_SEALED_H

#include <stddef.h>

struct sealed {
	const void *data;
	size_t size;
};

/* A sealed copy of two pieces of memory, one behind the other. A new descriptor or −errno. */
int sealed_new(const void *first, size_t first_size, const void *second, size_t second_size);

/* Map one that another process has made. 0, −EINVAL: it is empty, or not sealed against writing, shrinking and growing. fd may be closed after. */
int sealed_map(struct sealed *ret, int fd);
void sealed_unmap(struct sealed *s);

#endif
