/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The report as JSON, version 1: a contract with other tools. Keys and their order are part of it; new keys may come, none changes meaning. */
#include "base/json.h"

#include <time.h>

#include "format/format.h"
#include "format/html.h"
#include "format/json_sources.h"
#include "format/json_waits.h"
#include "format/page_tables.h"

#define REPORT_VERSION 1
#define NS_PER_S 1000000000LL

static void put_start(struct json *j, const struct request *r)
{
	int64_t local_s = r->start_ns / NS_PER_S + r->utc_offset_s;
	int offset = r->utc_offset_s < 0 ? -r->utc_offset_s : r->utc_offset_s;
	time_t seconds = local_s;
	char date[32], text[80];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof text, "%s.%09d%c%02d:%02d", date, (int)(r->start_ns % NS_PER_S), r->utc_offset_s < 0 ? '-' : '+', offset / 3600,
		 offset / 60 % 60);
	json_key_string(j, "start", text);
}

static void put_marks(struct json *j, const struct request *r)
{
	json_key(j, "marks");
	json_array(j);
	for (size_t i = 0; i < r->n_marks; i++) {
		json_object(j);
		json_key_uint(j, "t", r->marks[i].t);
		json_key_string(j, "name", mark_names[r->marks[i].kind]);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_request(struct json *j, const struct profile *p)
{
	static const char *const sources[] = {[SOURCE_HTTP] = "http", [SOURCE_HANDLER] = "handler"};
	static const char *const begins[] = {[BEGIN_SEEN] = "seen", [BEGIN_JOINED] = "joined"};
	static const char *const ends[] = {[END_SEEN] = "seen", [END_INFERRED] = "inferred", [END_CUT_OFF] = "cut_off"};
	const struct request *r = &p->request;

	json_object(j);
	json_key_string(j, "id", r->id);
	json_key_string(j, "source", sources[r->source]);
	json_key_string(j, "method", r->method);
	json_key_string(j, "target", r->target);
	json_key(j, "status");
	if (r->status < 0)
		json_null(j);
	else
		json_int(j, r->status);
	json_key_string(j, "http_version", r->http_version);
	json_key_string(j, "local", r->local);
	json_key_string(j, "remote", r->remote);
	json_key_int(j, "pid", r->pid);
	json_key_uint(j, "bytes_in", r->bytes_in);
	json_key_uint(j, "bytes_out", r->bytes_out);
	put_start(j, r);
	json_key_uint(j, "duration_ns", p->time.wall_ns);
	json_key_bool(j, "cut_off", r->end == END_CUT_OFF);
	json_key_string(j, "begin", begins[r->begin]);
	json_key_string(j, "end", ends[r->end]);
	json_key_string(j, "marker", r->marker);
	json_key_string(j, "trace_id", r->trace_id);
	put_marks(j, r);
	json_object_end(j);
}

static void put_time(struct json *j, const struct time_split *t)
{
	json_object(j);
	json_key_uint(j, "wall_ns", t->wall_ns);
	json_key(j, "classes_ns");
	json_object(j);
	for (int c = 0; c < N_TIME_CLASSES; c++)
		json_key_uint(j, time_class_names[c], t->classes_ns[c]);
	json_object_end(j);
	json_key(j, "estimated");
	json_array(j);
	json_string(j, time_class_names[TIME_cpu_user]);
	json_string(j, time_class_names[TIME_cpu_kernel]);
	json_string(j, time_class_names[TIME_interrupt]);
	if (t->network_estimated)
		json_string(j, time_class_names[TIME_network]);
	json_array_end(j);
	json_key(j, "socket_queue_ns");
	if (t->socket_queue_ns < 0)
		json_null(j);
	else
		json_int(j, t->socket_queue_ns);
	json_key_uint(j, "pipeline_queue_ns", t->pipeline_queue_ns);
	json_key_uint(j, "ambiguous_ns", t->ambiguous_ns);
	json_key_uint(j, "in_flight_max", t->in_flight_max);
	json_object_end(j);
}

static void put_threads(struct json *j, const struct work *w)
{
	json_array(j);
	for (size_t i = 0; i < w->n_threads; i++) {
		const struct thread *t = &w->threads[i];

		json_line(j);
		json_object(j);
		json_key_int(j, "pid", t->pid);
		json_key_int(j, "tid", t->tid);
		json_key_string(j, "comm", t->comm);
		json_key_string(j, "name", t->name);
		json_key_uint(j, "cpu_ns", t->cpu_ns);
		json_key_uint(j, "wait_ns", t->wait_ns);
		if (t->gil_held_ns >= 0)
			json_key_int(j, "gil_held_ns", t->gil_held_ns);
		json_object_end(j);
	}
	json_array_end(j);
}

/* One array a column. */
static void put_samples(struct json *j, const struct work *w)
{
#define COLUMN(name, field, put)                                    \
	do {                                                        \
		json_line(j);                                       \
		json_key(j, name);                                  \
		json_array(j);                                      \
		for (size_t i = 0; i < w->n_samples; i++)           \
			put(j, w->samples[i].field);                \
		json_array_end(j);                                  \
	} while (0)

	json_object(j);
	COLUMN("t", t, json_uint);
	COLUMN("thread", thread, json_int);
	COLUMN("task", task, json_int);
	COLUMN("stack", stack, json_int);
	COLUMN("weight_ns", weight_ns, json_uint);
	COLUMN("bound", bound, json_uint);
	json_object_end(j);
#undef COLUMN
}

static void put_awaits(struct json *j, const struct profile *p)
{
	json_array(j);
	for (size_t i = 0; i < p->n_awaits; i++) {
		const struct await *a = &p->awaits[i];

		json_line(j);
		json_object(j);
		json_key_uint(j, "t", a->t);
		json_key_uint(j, "duration_ns", a->duration_ns);
		json_key_int(j, "task", a->task);
		json_key_int(j, "stack", a->stack);
		json_key_string(j, "cause", time_class_names[a->cause]);
		json_key_string(j, "object", a->object);
		json_key_uint(j, "suspended_ns", a->suspended_ns);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_loop_busy(struct json *j, const struct profile *p)
{
	json_array(j);
	for (size_t i = 0; i < p->n_loop_busy; i++) {
		const struct loop_busy *b = &p->loop_busy[i];

		json_line(j);
		json_object(j);
		json_key_uint(j, "duration_ns", b->duration_ns);
		json_key_string(j, "request", b->request);
		json_key_string(j, "function", b->function);
		json_key_string(j, "file", b->file);
		json_key_uint(j, "line", b->line);
		json_key_bool(j, "gil", b->gil);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_tasks(struct json *j, const struct profile *p)
{
	json_array(j);
	for (size_t i = 0; i < p->n_tasks; i++) {
		json_line(j);
		json_object(j);
		json_key_string(j, "id", p->tasks[i].id);
		json_key_string(j, "name", p->tasks[i].name);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_frames(struct json *j, const struct profile *p)
{
	json_array(j);
	for (size_t i = 0; i < p->n_frames; i++) {
		const struct frame *frame = &p->frames[i];

		json_line(j);
		json_object(j);
		json_key_string(j, "function", frame->function);
		json_key_string(j, "file", frame->file);
		json_key_uint(j, "line", frame->line);
		json_key_string(j, "module", frame->module);
		json_key_string(j, "kind", frame_kind_names[frame->kind]);
		json_key_bool(j, "inlined", frame->inlined);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_stacks(struct json *j, const struct profile *p)
{
	json_array(j);
	for (size_t i = 0; i < p->n_stacks; i++) {
		json_array(j);
		json_int(j, p->stacks[i].parent);
		json_int(j, p->stacks[i].frame);
		json_array_end(j);
	}
	json_array_end(j);
}

/* The document in the page has large tables as columns (page_tables.h). */
struct page {
	FILE *packed;
};

static void put_work_samples(struct json *j, const struct work *w, const struct page *page)
{
	if (page)
		page_samples(j, w, page->packed);
	else
		put_samples(j, w);
}

static void put_work_waits(struct json *j, const struct work *w, const struct page *page)
{
	if (page)
		page_waits(j, w, page->packed);
	else
		json_wait_rows(j, w);
}

static void put_after(struct json *j, const struct work *after, const struct page *page)
{
	if (!after) {
		json_null(j);
		return;
	}
	json_object(j);
	json_key(j, "threads");
	put_threads(j, after);
	json_key(j, "samples");
	put_work_samples(j, after, page);
	json_key(j, "waits");
	put_work_waits(j, after, page);
	json_object_end(j);
}

static void put_merged(struct json *j, const struct profile *p)
{
	json_array(j);
	for (size_t i = 0; i < p->n_merged; i++) {
		const struct merged_request *m = &p->merged[i];

		json_line(j);
		json_object(j);
		json_key_string(j, "id", m->id);
		json_key_uint(j, "duration_ns", m->wall_ns);
		json_key(j, "status");
		if (m->status < 0)
			json_null(j);
		else
			json_int(j, m->status);
		json_key_bool(j, "cut_off", m->end == END_CUT_OFF);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_lost(struct json *j, const struct lost *lost)
{
	json_object(j);
	json_key_uint(j, "samples", lost->samples);
	json_key_uint(j, "waits", lost->waits);
	json_key_uint(j, "stacks_truncated", lost->stacks_truncated);
	json_key_uint(j, "frames_unknown", lost->frames_unknown);
	json_key_uint(j, "events_dropped", lost->events_dropped);
	json_key_uint(j, "refused_live", lost->refused_live);
	json_key_uint(j, "refused_rate", lost->refused_rate);
	json_object_end(j);
}

static void put_executables(struct json *j, const struct about *about)
{
	json_key(j, "executables");
	json_array(j);
	for (size_t i = 0; i < about->n_executables; i++) {
		json_object(j);
		json_key_string(j, "path", about->executables[i].path);
		json_key_string(j, "build_id", about->executables[i].build_id);
		json_key_uint(j, "unwinding_rows", about->executables[i].rows);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_truncations(struct json *j, const struct about *about)
{
	json_key(j, "stacks_truncated");
	json_array(j);
	for (size_t i = 0; i < about->n_truncations; i++) {
		json_object(j);
		json_key_string(j, "reason", about->truncations[i].reason);
		json_key_uint(j, "stacks", about->truncations[i].stacks);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_about(struct json *j, const struct about *about)
{
	json_object(j);
	json_key_string(j, "version", about->version);
	json_key_string(j, "command", about->command);
	json_key_string(j, "host", about->host);
	json_key_string(j, "kernel", about->kernel);
	json_key_string(j, "event", about->event);
	json_key_uint(j, "interval_ns", about->interval_ns);
	json_key_string(j, "interrupt", about->interrupt);
	json_key_string(j, "arming", about->arming);
	json_key_string(j, "program", about->program);
	json_key_string(j, "runtime", about->runtime);
	json_key_uint(j, "overhead_ns", about->overhead_ns);
	json_key_uint(j, "ticks", about->ticks);
	json_key_uint(j, "edges", about->edges);
	json_key(j, "bound"); /* samples by rung, from the first on */
	json_array(j);
	for (int rung = 1; rung < 5; rung++)
		json_uint(j, about->bound[rung]);
	json_array_end(j);
	json_key_uint(j, "workers_refused", about->workers_refused);
	json_key_bool(j, "keeps_url", about->keeps_url);
	if (about->redacted)
		json_key_bool(j, "redacted", true);
	put_truncations(j, about);
	put_executables(j, about);
	json_object_end(j);
}

static void key(struct json *j, const char *name)
{
	json_line(j);
	json_key(j, name);
}

static void put_document(const struct profile *p, FILE *f, const struct page *page)
{
	struct json j;

	json_init(&j, f);
	json_object(&j);
	json_key_uint(&j, "reqprof", REPORT_VERSION);
	key(&j, "request");
	put_request(&j, p);
	key(&j, "time");
	put_time(&j, &p->time);
	key(&j, "threads");
	put_threads(&j, &p->work);
	key(&j, "tasks");
	put_tasks(&j, p);
	key(&j, "frames");
	put_frames(&j, p);
	key(&j, "stacks");
	if (page)
		page_stacks(&j, p, page->packed);
	else
		put_stacks(&j, p);
	key(&j, "samples");
	put_work_samples(&j, &p->work, page);
	key(&j, "waits");
	put_work_waits(&j, &p->work, page);
	key(&j, "awaits");
	put_awaits(&j, p);
	key(&j, "loop_busy");
	put_loop_busy(&j, p);
	json_put_sources(&j, p);
	key(&j, "after");
	put_after(&j, p->after, page);
	if (p->n_merged) { /* the requests that this one stands for, which are as long as it together */
		key(&j, "merged");
		put_merged(&j, p);
	}
	key(&j, "lost");
	put_lost(&j, &p->lost);
	key(&j, "about");
	put_about(&j, &p->about);
	json_object_end(&j);
	fputc('\n', f);
}

static int write_json(const struct profile *p, FILE *f)
{
	put_document(p, f, NULL);
	return 0;
}

void html_document(const struct profile *p, FILE *f, FILE *packed)
{
	put_document(p, f, &(struct page){.packed = packed});
}

const struct format format_json = {
	.name = "json",
	.extension = ".json",
	.help = "everything, for other tools (version 1)",
	.write = write_json,
};
