/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/carried.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/facts.h"
#include "format/names.h"

#define LINES 5
#define VERSION_COLUMNS 32
#define TARGET_COLUMNS 2048

char **carried(const struct profile *p, const char *left_out)
{
	_cleanup_free_ char *version = name_text(p->about.version, VERSION_COLUMNS);
	_cleanup_free_ char *request = fact_request(p, TARGET_COLUMNS);
	char **lines = xcalloc(LINES + 1, sizeof *lines), *quality;
	size_t n = 0;

	lines[n++] = xasprintf("reqprof %s, report %s: %s", version, p->request.id, request);
	lines[n++] = fact_answer(p);
	quality = fact_quality(p);
	if (quality)
		lines[n++] = quality;
	lines[n++] = xstrdup(left_out);
	return lines;
}

char *carried_text(const struct profile *p, const char *left_out)
{
	char **lines = carried(p, left_out), *text = xstrdup(lines[0]);

	for (size_t i = 1; lines[i]; i++) {
		_cleanup_free_ char *shorter = text;

		text = xasprintf("%s. %s", shorter, lines[i]);
	}
	carried_free(lines);
	return text;
}

void carried_free(char **lines)
{
	for (size_t i = 0; lines[i]; i++)
		free(lines[i]);
	free(lines);
}
