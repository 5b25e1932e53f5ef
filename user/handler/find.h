/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A handler in a process: which instructions of which file are probed, and where its arguments keep what a request is. */
#ifndef REQPROF_HANDLER_FIND_H
#define REQPROF_HANDLER_FIND_H

#include <linux/types.h>

#include "base/protocol.h"
#include "handler/spec.h"
#include "reqprof.h"
#include "symbol/maps.h"
#include "symbol/symbolizer.h"

struct handler_found {
	struct rp_handler handler;
	uint64_t start, end;    /* a mapping that shows the file */
	uint32_t n;
	struct msg_place places[MSG_PLACES_MAX];
};

/* Look for it in the mappings of a process whose files are open (process_maps.h). 1: found. 0: no file of the process has it; −EINVAL: it cannot be
 * used. For both *ret_why says more, the caller's; NULL = nobody wants to know, which
 * saves time. */
int handler_find(const struct handler_spec *spec, const struct maps *maps, const struct symbol_source *source, int pid, struct handler_found *ret,
		 char **ret_why);

#endif
