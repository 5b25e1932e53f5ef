/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The process that finds names, from the inside: the only one that opens files of the target. It answers questions (namer_wire.h) in the
 * order they come. A hostile file may do with it what it likes: it has no privileges, and what it says is checked by who asked.
 */
#ifndef REQPROF_NAMER_CHILD_H
#define REQPROF_NAMER_CHILD_H

#include <stddef.h>
#include <stdint.h>

#include "capture/blame.h"
#include "handler/spec.h"

struct namer_child {
	int sock;               /* of the questions that it answers */
	int questions;          /* of those that it asks the tracer; −1 = none can be asked */
	uint32_t seq;           /* of the last one that one before it may have asked */
	int kallsyms_fd;        /* −1 = none */
	struct blame *blame;
	const struct blamed_file *avoid; /* files that it leaves alone */
	size_t n_avoid;
	const int *pids;        /* processes that it knows from the start */
	size_t n_pids;
	const struct handler_spec *handlers; /* that it looks for */
	size_t n_handlers;
};

/* Answer until nobody asks any more. */
void namer_child_run(const struct namer_child *child);

#endif
