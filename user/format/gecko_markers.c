/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/gecko_markers.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/names.h"

#define TITLE_COLUMNS 200

/* ---- what there is ----------------------------------------------------------------------------------------------- */

static void add_marker(struct gecko_markers *markers, const struct gecko_marker *m)
{
	GROW(markers->list, markers->n, markers->cap);
	markers->list[markers->n++] = *m;
}

void gecko_add_waits(struct gecko_markers *markers, struct gecko_tables *t, const struct work *work, int32_t thread)
{
	for (size_t i = 0; i < work->n_waits; i++) {
		const struct wait *w = &work->waits[i];

		if (w->thread == thread)
			add_marker(markers, &(struct gecko_marker){
				.name = gecko_text(t, time_class_labels[w->cause]), .interval = true, .begin = w->t,
				.end = w->t + w->duration_ns + w->runnable_ns, .category = gecko_category(w->cause), .type = "Wait",
				.object = w->object, .wait = w,
			});
	}
}

void gecko_add_awaits(struct gecko_markers *markers, struct gecko_tables *t, const struct lane *lane)
{
	for (size_t i = 0; i < lane->n; i++) {
		const struct lane_span *span = &lane->list[i];

		if (span->await)
			add_marker(markers, &(struct gecko_marker){
				.name = gecko_text(t, time_class_labels[span->class]), .interval = true, .begin = span->begin, .end = span->end,
				.category = gecko_category(span->class), .type = "Await", .object = span->object,
			});
	}
}

void gecko_add_request(struct gecko_markers *markers, struct gecko_tables *t, const char *title)
{
	const struct request *r = &t->p->request;

	add_marker(markers, &(struct gecko_marker){
		.name = gecko_text(t, "request"), .interval = true, .end = t->p->time.wall_ns, .type = "Request", .object = title,
	});
	for (size_t i = 0; i < r->n_marks; i++)
		add_marker(markers, &(struct gecko_marker){
			.name = gecko_text(t, mark_names[r->marks[i].kind]), .begin = r->marks[i].t, .type = "Mark",
		});
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void put_marker_data(struct json *j, const struct gecko_marker *m)
{
	json_object(j);
	json_key_string(j, "type", m->type);
	if (m->object) {
		_cleanup_free_ char *object = name_text(m->object, TITLE_COLUMNS);

		json_key_string(j, "object", object);
	}
	if (m->wait)
		json_key_ms(j, "ready", m->wait->runnable_ns);
	if (m->wait && m->wait->has_waker) {
		_cleanup_free_ char *waker = name_process(m->wait->waker.comm, m->wait->waker.pid);

		json_key_string(j, "waker", waker);
	}
	json_object_end(j);
}

void gecko_put_markers(struct json *j, const struct gecko_markers *markers)
{
#define COLUMN(name, put)                                   \
	do {                                                \
		json_key(j, name);                          \
		json_array(j);                              \
		for (size_t i = 0; i < markers->n; i++)     \
			put;                                \
		json_array_end(j);                          \
	} while (0)

	json_line(j);
	json_key(j, "markers");
	json_object(j);
	json_key_uint(j, "length", markers->n);
	COLUMN("name", json_uint(j, markers->list[i].name));
	COLUMN("startTime", json_ms(j, markers->list[i].begin));
	COLUMN("endTime", markers->list[i].interval ? json_ms(j, markers->list[i].end) : json_null(j));
	COLUMN("phase", json_uint(j, markers->list[i].interval));
	COLUMN("category", json_int(j, markers->list[i].category));
	COLUMN("data", put_marker_data(j, &markers->list[i]));
	json_object_end(j);
#undef COLUMN
}

/* What markers of a type hold, and where they are shown. */
static const struct {
	const char *name, *label;
} schemas[] = {{"Wait", "{marker.data.object}"}, {"Await", "{marker.data.object}"}, {"Request", "{marker.data.object}"}, {"Mark", "{marker.name}"}};

static const struct {
	const char *key, *label, *format;
} fields[] = {{"object", "For", "string"}, {"ready", "Then ready without a CPU", "duration"}, {"waker", "Woken by", "string"}};

static void put_schema(struct json *j, const char *name, const char *label)
{
	json_object(j);
	json_key_string(j, "name", name);
	json_key_string(j, "chartLabel", label);
	json_key_string(j, "tableLabel", label);
	json_key_string(j, "tooltipLabel", "{marker.name}");
	json_key(j, "display");
	json_array(j);
	json_string(j, "marker-chart");
	json_string(j, "marker-table");
	json_array_end(j);
	json_key(j, "data");
	json_array(j);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		json_object(j);
		json_key_string(j, "key", fields[i].key);
		json_key_string(j, "label", fields[i].label);
		json_key_string(j, "format", fields[i].format);
		json_key_bool(j, "searchable", true);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

void gecko_put_schemas(struct json *j)
{
	json_key(j, "markerSchema");
	json_array(j);
	for (size_t i = 0; i < ARRAY_LEN(schemas); i++)
		put_schema(j, schemas[i].name, schemas[i].label);
	json_array_end(j);
}
