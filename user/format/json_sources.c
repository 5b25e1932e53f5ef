/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/json_sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static void put_lines(struct json *j, const char *text)
{
	json_key(j, "lines");
	json_array(j);
	while (text) {
		const char *end = strchrnul(text, '\n');
		_cleanup_free_ char *line = xstrndup(text, end - text);

		json_string(j, line);
		text = *end ? end + 1 : NULL;
	}
	json_array_end(j);
}

void json_put_sources(struct json *j, const struct profile *p)
{
	if (!p->about.keeps_sources)
		return;
	json_line(j);
	json_key(j, "sources");
	json_array(j);
	for (size_t i = 0; i < p->n_sources; i++) {
		const struct source_lines *s = &p->sources[i];

		json_line(j);
		json_object(j);
		json_key_string(j, "file", s->file);
		json_key_uint(j, "first_line", s->first_line);
		put_lines(j, s->text);
		json_key_bool(j, "newer", s->newer);
		json_key_string(j, "error", s->error);
		json_object_end(j);
	}
	json_array_end(j);
}
