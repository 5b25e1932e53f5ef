/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/sources.h"

const struct source *const sources[] = {
	&source_handler,
	&source_http,
	NULL,
};

void source_begin(struct profile *p, const struct rp_begin *begin, const char *line, const struct worker_options *options)
{
	for (const struct source *const *s = sources; *s; s++) {
		if ((*s)->begin(p, begin, line, options)) {
			p->request.source = (*s)->kind;
			return;
		}
	}
}
