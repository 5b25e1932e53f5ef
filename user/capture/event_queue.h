/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of the ring that were taken out of it and not looked at yet, in their order: the ring must not fill while names are waited for. */
#ifndef REQPROF_EVENT_QUEUE_H
#define REQPROF_EVENT_QUEUE_H

#include <stddef.h>

struct event_chunk;

struct event_queue {
	struct event_chunk *first, *last;
	size_t bytes;           /* of what was added and not returned yet */
};

void event_queue_add(struct event_queue *q, const void *record, size_t size);

/* The next record, aligned to 8 bytes, or NULL. It stays where it is until the next call, whatever is added meanwhile. */
const void *event_queue_next(struct event_queue *q, size_t *ret_size);

void event_queue_clear(struct event_queue *q);

#endif
