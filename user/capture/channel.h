/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tracer says to the worker (base/protocol.h), in its order; what is not read at once waits in a queue. */
#ifndef REQPROF_CHANNEL_H
#define REQPROF_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/protocol.h"

struct channel {
	int sock;               /* not owned */
	bool gone;              /* the tracer is */
	struct msg *queue;      /* said, but not yet read by channel_next() */
	size_t n, cap;
};

void channel_init(struct channel *c, int sock);
void channel_fini(struct channel *c);

/* Wait for the first message of this type, with its descriptors. 1, 0 if the tracer is gone or says MSG_STOP (which stays in the queue).
 * `take` gets what comes before; what it returns false for stays in the queue. */
int channel_wait(struct channel *c, enum msg_type type, bool (*take)(void *ctx, const struct msg *msg), void *ctx, struct msg *ret_msg,
		 int fds[MSG_FDS_MAX], int *ret_n_fds);

/* The next thing that the tracer said, without waiting; false = nothing. */
bool channel_next(struct channel *c, struct msg *ret_msg);

/* Has it said STOP_NOW? Looks at what is in the queue and what has arrived since. */
bool channel_stop_now(struct channel *c);

#endif
