/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "format/format.h"

const struct format *const formats[] = {&format_html, &format_json, &format_text, &format_folded, NULL};

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
