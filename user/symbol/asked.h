/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is asked for files: a source, about one of its processes. */
#ifndef REQPROF_ASKED_H
#define REQPROF_ASKED_H

#include "symbol/symbolizer.h"

struct asked {
	const struct symbol_source *source;
	int pid;
	uint64_t start, end;    /* of a mapping that shows the file that this is about; 0, 0 = none at hand */
};

/* Around whatever reads a file or what belongs to it: tells the source's watch. Not nested. False: the file must be left alone, and there is
 * no end to tell. */
bool asked_begin(const struct asked *asked, const struct file_id *file);
void asked_end(const struct asked *asked);

#endif
