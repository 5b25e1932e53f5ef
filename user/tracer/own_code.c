/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/own_code.h"

#include <stdio.h>

#include "base/cleanup.h"

uint64_t own_code_offset(const void *code)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/maps", "re");
	unsigned long start, end, offset, address = (unsigned long)code;
	char line[512];

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && address >= start && address < end)
			return address - start + offset;
	return 0;
}
