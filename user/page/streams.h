/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Those who listen to the feed: responses that do not end. One that has heard all of it sleeps until it is woken. */
#ifndef REQPROF_STREAMS_H
#define REQPROF_STREAMS_H

#include <microhttpd.h>

#include "page/feed.h"

#define STREAMS_MAX 32

struct stream;

struct streams {
	const struct feed *feed;
	struct stream *first;
	size_t n;
	bool ending;
};

/* A response to the connection, from the event after `since` on; NULL: there are too many. */
struct MHD_Response *stream_new(struct streams *all, struct MHD_Connection *connection, uint64_t since);

/* The feed has more; or `beat`: something is to be sent, to see who is gone. */
void streams_wake(struct streams *all, bool beat);

/* Wake those whose other end has closed: the library does not look at who sleeps. */
void streams_sweep(struct streams *all);

/* End them all, before the server does. */
void streams_end(struct streams *all);

#endif
