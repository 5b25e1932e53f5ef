/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP/1.x on sockets: METHOD SP target SP HTTP/1.x. The line has been recognised in the kernel; one longer than RP_LINE_MAX is cut. */
#include "capture/sources.h"

static bool http_begin(struct profile *p, const struct rp_begin *begin, const char *line, const struct worker_options *options)
{
	source_line(p, line, begin->line_len, options);
	source_addresses(p, begin);
	return true;
}

const struct source source_http = {.name = "http", .kind = SOURCE_HTTP, .begin = http_begin};
