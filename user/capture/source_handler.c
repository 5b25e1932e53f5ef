/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls of a handler: what its arguments told, as a request line; less of it is known than of HTTP/1.x on a socket. */
#include <string.h>

#include "capture/sources.h"

#define UNKNOWN_METHOD "-"

static bool handler_begin(struct profile *p, const struct rp_begin *begin, const char *line, const struct worker_options *options)
{
	if (!(begin->h.flags & RP_BEGIN_HANDLER))
		return false;
	if (begin->line_len)
		source_line(p, line, begin->line_len, options);
	if (p->request.method && !strcmp(p->request.method, UNKNOWN_METHOD))
		p->request.method = NULL;
	source_addresses(p, begin);
	return true;
}

const struct source source_handler = {.name = "handler", .kind = SOURCE_HANDLER, .begin = handler_begin};
