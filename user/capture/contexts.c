/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/contexts.h"

#include <stddef.h>

const struct context_tracker *const context_trackers[] = {
	NULL,
};

bool context_event(struct live_request *r, const struct rp_event *e)
{
	for (const struct context_tracker *const *t = context_trackers; *t; t++)
		if ((*t)->event(r, e))
			return true;
	return false;
}
