/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/record.h"

#include <stdlib.h>

#include "base/alloc.h"

#define CHUNK_WORDS 4095 /* 32 KB with the header */

/* Each record is a word with its kind and then its struct; chunks do not move, so records do not either. */
struct record_chunk {
	struct record_chunk *next;
	size_t used;
	uint64_t words[CHUNK_WORDS];
};

static const size_t sizes[N_RECORD_KINDS] = {
	[RECORD_BIND] = sizeof(struct record_bind),
	[RECORD_RELEASE] = sizeof(struct record_release),
	[RECORD_TICK] = sizeof(struct record_tick),
	[RECORD_WAIT] = sizeof(struct record_wait),
	[RECORD_TASK] = sizeof(struct record_task),
	[RECORD_TASK_RUNS] = sizeof(struct record_task_runs),
	[RECORD_PEER] = sizeof(struct record_peer),
	[RECORD_BUSY] = sizeof(struct record_busy),
	[RECORD_TASK_CLAIMED] = sizeof(struct record_task_claimed),
	[RECORD_TASK_WAITS] = sizeof(struct record_task_waits),
};

static size_t words_of(enum record_kind kind)
{
	return 1 + (sizes[kind] + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

void *record_add(struct record_log *log, enum record_kind kind)
{
	size_t n = words_of(kind);
	struct record_chunk *c = log->last;
	uint64_t *record;

	if (!c || c->used + n > CHUNK_WORDS) {
		c = xcalloc(1, sizeof *c);
		*(log->last ? &log->last->next : &log->first) = c;
		log->last = c;
	}
	record = c->words + c->used;
	c->used += n;
	*record = kind;
	return record + 1;
}

const void *record_next(const struct record_log *log, struct record_cursor *cursor, enum record_kind *ret_kind)
{
	const uint64_t *record;

	if (!cursor->started) {
		cursor->started = true;
		cursor->chunk = log->first;
	}
	while (cursor->chunk && cursor->at == cursor->chunk->used) {
		cursor->chunk = cursor->chunk->next;
		cursor->at = 0;
	}
	if (!cursor->chunk)
		return NULL;
	record = cursor->chunk->words + cursor->at;
	*ret_kind = *record;
	cursor->at += words_of(*ret_kind);
	return record + 1;
}

void record_log_free(struct record_log *log)
{
	while (log->first) {
		struct record_chunk *next = log->first->next;

		free(log->first);
		log->first = next;
	}
	log->last = NULL;
}
