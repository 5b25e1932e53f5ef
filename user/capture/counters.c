/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/counters.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int counters_map(struct counters *c, int map_fd)
{
	size_t page = sysconf(_SC_PAGESIZE), len = (RP_COUNTER_ROWS * RP_COUNTER_ROW * sizeof(uint64_t) + page - 1) / page * page;
	void *values = mmap(NULL, len, PROT_READ, MAP_SHARED, map_fd, 0);

	if (values == MAP_FAILED)
		return -errno;
	*c = (struct counters){.values = values, .len = len};
	return 0;
}

void counters_unmap(struct counters *c)
{
	if (c->values)
		munmap((void *)c->values, c->len);
	c->values = NULL;
}
