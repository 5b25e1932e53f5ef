/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The record of one request, named and fed into the builder. */
#ifndef REQPROF_REPLAY_H
#define REQPROF_REPLAY_H

#include "capture/live.h"

/* Name the stacks that the record uses, in the profile of the request; pump (may be NULL) is called in between. */
void replay_name_stacks(struct live_request *q, struct namer *namer, void (*pump)(void *ctx), void *ctx);

/* Build everything but the request's facts, lost.* that only the end knows, and about. p: the request's own profile, or one that has
 * the same frames and stacks under the same indices. */
void replay_build(struct live_request *q, struct namer *namer, struct profile *p, uint64_t end_ns);

/* Give another profile the frames and stacks of the request's, under the same indices. */
void replay_copy_stacks(struct profile *to, const struct profile *from);

#endif
