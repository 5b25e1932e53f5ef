/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tasks of a request await, put together from what was seen of each: its coroutines, the sockets that it wrote to, what came back. */
#ifndef REQPROF_AWAIT_FEED_H
#define REQPROF_AWAIT_FEED_H

#include "capture/record.h"
#include "profile/builder.h"

struct await_feed {
	struct profile *profile;
	struct builder *builder;
	struct peer_seen *peers;
	size_t n, cap;
};

/* Fed in the order of the events. stack: of w's coroutines, in the profile; −1 = unknown. */
void await_feed_waits(struct await_feed *f, const struct record_task_waits *w, int32_t stack);
void await_feed_peer(struct await_feed *f, const struct record_peer *peer);
void await_feed_fini(struct await_feed *f);

#endif
