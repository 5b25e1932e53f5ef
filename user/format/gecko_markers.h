/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Markers of a Firefox Profiler file: waits of a thread, awaits of a task, the request and its marks. */
#ifndef REQPROF_GECKO_MARKERS_H
#define REQPROF_GECKO_MARKERS_H

#include "format/gecko_tables.h"

struct gecko_marker {
	uint32_t name;
	bool interval;          /* else an instant */
	uint64_t begin, end;
	int category;
	const char *type, *object;
	const struct wait *wait; /* NULL = none */
};

struct gecko_markers {
	struct gecko_marker *list;
	size_t n, cap;          /* free(list) */
};

void gecko_add_waits(struct gecko_markers *markers, struct gecko_tables *t, const struct work *work, int32_t thread);
void gecko_add_awaits(struct gecko_markers *markers, struct gecko_tables *t, const struct lane *lane);
void gecko_add_request(struct gecko_markers *markers, struct gecko_tables *t, const char *title); /* title: not copied */

void gecko_put_markers(struct json *j, const struct gecko_markers *markers); /* "markers" of a thread */
void gecko_put_schemas(struct json *j); /* "markerSchema" of the file */

#endif
