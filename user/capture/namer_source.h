/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of the target's source code, for --source: asked of the process that finds names, and read there. */
#ifndef REQPROF_NAMER_SOURCE_H
#define REQPROF_NAMER_SOURCE_H

#include "capture/ask.h"
#include "capture/namer.h"
#include "capture/namer_wire.h"

struct line_range {
	uint32_t first, last;
};

/* Lines of a file, as the process `pid` sees it, of ranges that ascend and do not overlap. Each is UTF-8 without control characters other than tabs,
 * and cut if it is long. *ret_newer: the file changed since the process began. 0, or −errno: it cannot be read. */
int namer_source(struct namer *n, int pid, const char *file, const struct line_range *ranges, size_t n_ranges,
		 void (*line)(void *ctx, uint32_t number, const char *text), void *ctx, bool *ret_newer);

/* In the process that finds names: NAMER_SOURCE. */
void namer_source_answer(struct asker *asker, const struct file_watch *watch, struct wire_reader *question, struct wire *answer);

#endif
