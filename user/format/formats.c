/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/format.h"

const struct format *const formats[] = {
	&format_html, &format_json, &format_text, &format_folded, &format_speedscope, &format_pprof, &format_gecko, NULL,
};

char *format_names(const char *last)
{
	char *names = xstrdup(formats[0]->name);

	for (size_t i = 1; formats[i]; i++) {
		_cleanup_free_ char *shorter = names;

		names = xasprintf("%s%s%s", shorter, formats[i + 1] ? ", " : last, formats[i]->name);
	}
	return names;
}

const struct format *format_by_name(const char *name)
{
	for (size_t i = 0; formats[i]; i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

const struct format *format_by_extension(const char *path)
{
	const struct format *best = NULL;
	size_t len = strlen(path), best_len = 0;

	for (size_t i = 0; formats[i]; i++) {
		size_t n = strlen(formats[i]->extension);

		if (n > best_len && n <= len && !strcmp(path + len - n, formats[i]->extension)) {
			best = formats[i];
			best_len = n;
		}
	}
	return best;
}
