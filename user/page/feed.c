/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

void feed_free(struct feed *feed)
{
	for (size_t i = 0; i < FEED_MAX; i++)
		free(TAKE_PTR(feed->texts[i]));
}

/* `write` puts the data, one line of JSON. */
static void add(struct feed *feed, const char *type, void (*write)(struct json *j, const struct row *row), const struct row *row)
{
	uint64_t number = ++feed->last;
	char *text = NULL;
	struct json j;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort(); /* out of memory, nothing else */
	fprintf(f, "id: %llu\nevent: %s\ndata: ", (unsigned long long)number, type);
	json_init(&j, f);
	write(&j, row);
	fputs("\n\n", f);
	fclose(f);
	free(feed->texts[number % FEED_MAX]);
	feed->texts[number % FEED_MAX] = text;
}

static void write_name(struct json *j, const struct row *row)
{
	json_string(j, row->entry.name);
}

static void write_nothing(struct json *j, const struct row *row)
{
	(void)row;
	json_null(j);
}

void feed_row(struct feed *feed, const struct row *row)
{
	add(feed, "row", row_write, row);
}

void feed_gone(struct feed *feed, const struct row *row)
{
	add(feed, "gone", write_name, row);
}

void feed_again(struct feed *feed)
{
	add(feed, "again", write_nothing, NULL);
}

const char *feed_next(const struct feed *feed, uint64_t *since)
{
	if (*since == feed->last)
		return NULL;
	if (*since > feed->last || feed->last - *since > FEED_MAX) {
		*since = feed->last;
		return "event: again\ndata: null\n\n";
	}
	return feed->texts[++*since % FEED_MAX];
}
