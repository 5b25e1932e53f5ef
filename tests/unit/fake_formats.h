/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A table of formats for tests of the commands, which must not depend on what a format writes. Each writes `fake_bytes` bytes. */
#ifndef FAKE_FORMATS_H
#define FAKE_FORMATS_H

#include <string.h>

#include "format/format.h"

static size_t fake_bytes = 100;
static int fake_error; /* what the formats return */

static int fake_write(const struct profile *p, FILE *f)
{
	(void)p;
	for (size_t i = 0; i < fake_bytes; i++)
		fputc('x', f);
	return fake_error;
}

const struct format format_html = {.name = "html", .extension = ".html", .write = fake_write};
const struct format format_json = {.name = "json", .extension = ".json", .write = fake_write};
const struct format format_text = {.name = "text", .extension = ".txt", .write = fake_write};

const struct format *const formats[] = {&format_html, &format_json, &format_text, NULL};

char *format_names(const char *last)
{
	(void)last;
	return strdup("html, json and text");
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
	for (size_t i = 0; formats[i]; i++) {
		size_t n = strlen(formats[i]->extension), len = strlen(path);

		if (len > n && !strcmp(path + len - n, formats[i]->extension))
			return formats[i];
	}
	return NULL;
}

#endif
