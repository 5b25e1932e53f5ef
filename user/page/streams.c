/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/streams.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "page/pages.h"

#define BLOCK_SIZE 4096
#define RETRY "retry: 2000\n\n"
#define BEAT ":\n\n"

struct stream {
	struct stream *next, **self;
	struct streams *all;
	struct MHD_Connection *connection;
	uint64_t since;         /* the last event that was begun to be sent */
	char *text;             /* what is being sent, owned: the feed forgets */
	size_t at, len;
	bool asleep;
};

static void say(struct stream *s, const char *text)
{
	free(s->text);
	s->text = xstrdup(text);
	s->at = 0;
	s->len = strlen(text);
}

static ssize_t read_stream(void *ctx, uint64_t position, char *buffer, size_t max)
{
	struct stream *s = ctx;
	const char *event;
	size_t n;

	(void)position;
	if (s->all->ending)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (s->at == s->len && (event = feed_next(s->all->feed, &s->since)))
		say(s, event);
	if (s->at == s->len) {
		s->asleep = true;
		MHD_suspend_connection(s->connection);
		return 0;
	}
	n = s->len - s->at < max ? s->len - s->at : max;
	memcpy(buffer, s->text + s->at, n);
	s->at += n;
	return n;
}

static void free_stream(void *ctx)
{
	struct stream *s = ctx;

	*s->self = s->next;
	if (s->next)
		s->next->self = s->self;
	s->all->n--;
	free(s->text);
	free(s);
}

struct MHD_Response *stream_new(struct streams *all, struct MHD_Connection *connection, uint64_t since)
{
	struct MHD_Response *r;
	struct stream *s;

	if (all->n == STREAMS_MAX || all->ending)
		return NULL;
	s = xcalloc(1, sizeof *s);
	*s = (struct stream){.all = all, .connection = connection, .since = since, .next = all->first, .self = &all->first};
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_stream, s, free_stream);
	if (!r)
		abort(); /* out of memory, nothing else */
	if (s->next)
		s->next->self = &s->next;
	all->first = s;
	all->n++;
	say(s, RETRY);
	pages_headers(r, "text/event-stream", "default-src 'none'");
	return r;
}

static void wake(struct stream *s, bool beat)
{
	if (beat)
		say(s, BEAT);
	s->asleep = false;
	MHD_resume_connection(s->connection);
}

void streams_wake(struct streams *all, bool beat)
{
	for (struct stream *s = all->first; s; s = s->next)
		if (s->asleep)
			wake(s, beat);
}

static bool has_left(const struct stream *s)
{
	int fd = MHD_get_connection_info(s->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	char byte;

	return !recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

void streams_sweep(struct streams *all)
{
	for (struct stream *s = all->first; s; s = s->next)
		if (s->asleep && has_left(s))
			wake(s, true);
}

void streams_end(struct streams *all)
{
	all->ending = true;
	streams_wake(all, false);
}
