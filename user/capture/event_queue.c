/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/event_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define CHUNK_BYTES (256UL << 10)

struct event_chunk {
	struct event_chunk *next;
	size_t size, filled, read;
	_Alignas(8) char data[]; /* records, the size of each before it */
};

static size_t space_of(size_t record)
{
	return sizeof(size_t) + ((record + 7) & ~(size_t)7);
}

static struct event_chunk *add_chunk(struct event_queue *q, size_t size)
{
	struct event_chunk *c = xcalloc(1, sizeof *c + size);

	c->size = size;
	if (q->last)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
	return c;
}

void event_queue_add(struct event_queue *q, const void *record, size_t size)
{
	size_t space = space_of(size);
	struct event_chunk *c = q->last;

	if (!c || c->size - c->filled < space)
		c = add_chunk(q, space > CHUNK_BYTES ? space : CHUNK_BYTES);
	memcpy(c->data + c->filled, &size, sizeof size);
	memcpy(c->data + c->filled + sizeof size, record, size);
	c->filled += space;
	q->bytes += size;
}

/* What was read to its end goes; the last one is used again, as most of the time the queue runs empty. */
static void drop_read(struct event_queue *q)
{
	struct event_chunk *c = q->first;

	while (c && c->read == c->filled && c->next) {
		q->first = c->next;
		free(c);
		c = q->first;
	}
	if (c && c->read == c->filled)
		c->read = c->filled = 0;
}

const void *event_queue_next(struct event_queue *q, size_t *ret_size)
{
	struct event_chunk *c;
	const char *record;

	drop_read(q);
	c = q->first;
	if (!c || c->read == c->filled)
		return NULL;
	memcpy(ret_size, c->data + c->read, sizeof *ret_size);
	record = c->data + c->read + sizeof *ret_size;
	c->read += space_of(*ret_size);
	q->bytes -= *ret_size;
	return record;
}

void event_queue_clear(struct event_queue *q)
{
	while (q->first) {
		struct event_chunk *next = q->first->next;

		free(q->first);
		q->first = next;
	}
	*q = (struct event_queue){0};
}
