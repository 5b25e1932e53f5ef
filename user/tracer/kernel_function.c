/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/kernel_function.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A line is "ADDRESS TYPE NAME" or "ADDRESS TYPE NAME\t[MODULE]"; type t or T is a function. */
static bool is_line_of(const char *line, const char *name)
{
	const char *found = strchr(line, ' ');
	size_t n = strlen(name);

	return found && (found[1] | 0x20) == 't' && found[2] == ' ' && !strncmp(found + 3, name, n) && found[3 + n] == '\n';
}

uint64_t kernel_function(const char *name)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/kallsyms", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	if (f)
		setvbuf(f, NULL, _IOFBF, 1 << 16); /* its own would be of 1 KB */
	while (f && getline(&line, &size, f) > 0)
		if (is_line_of(line, name))
			return strtoull(line, NULL, 16);
	return 0;
}
