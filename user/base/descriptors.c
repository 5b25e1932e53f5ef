/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/descriptors.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int descriptors_close_others(const int *keep, size_t n)
{
	_cleanup_free_ int *kept = xcalloc(n, sizeof *kept);
	int first = STDERR_FILENO + 1;

	memcpy(kept, keep, n * sizeof *kept);
	qsort(kept, n, sizeof *kept, ascending);
	for (size_t i = 0; i < n; i++) {
		if (kept[i] < first)
			continue;
		if (kept[i] > first && close_range(first, kept[i] - 1, 0))
			return -errno;
		first = kept[i] + 1;
	}
	return close_range(first, UINT_MAX, 0) ? -errno : 0;
}
