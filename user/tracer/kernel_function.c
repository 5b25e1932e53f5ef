/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/kernel_function.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

uint64_t kernel_function(const char *name)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/kallsyms", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0, n = strlen(name);

	while (f && getline(&line, &size, f) > 0) {
		const char *found = strchr(line, ' ');

		if (found && (found[1] | 0x20) == 't' && found[2] == ' ' && !strncmp(found + 3, name, n) && found[3 + n] == '\n')
			return strtoull(line, NULL, 16);
	}
	return 0;
}
