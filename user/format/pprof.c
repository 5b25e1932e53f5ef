/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pprof's profile.proto, compressed with gzip: one sample for all time of one thread and task at one stack in one class and object, which are its
 * labels. Waits end in the frame that waited; with `pprof -tagleaf class,object` they end in what was waited for.
 */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/carried.h"
#include "format/format.h"
#include "format/gzip.h"
#include "format/names.h"
#include "format/numbering.h"
#include "pprof.pb-c.h"

#define LABELS_MAX 6
#define LEFT_OUT \
	"Not in this file: when things happened, who woke waiting threads, marks, work after the response, which times are exact and which estimated from " \
	"samples. pprof -sample_index=wait -tagleaf=class,object shows what was waited for; await is the wall time in which only tasks awaited"

enum value { VALUE_samples, VALUE_cpu, VALUE_wait, VALUE_await, N_VALUES };

static const struct {
	const char *type, *unit;
} values[N_VALUES] = {
	[VALUE_samples] = {"samples", "count"}, [VALUE_cpu] = {"cpu", "nanoseconds"}, [VALUE_wait] = {"wait", "nanoseconds"},
	[VALUE_await] = {"await", "nanoseconds"},
};

/* What makes a sample. Compared as bytes. */
struct sample_key {
	int32_t thread, task, stack, class;
	const char *object;     /* interned */
};

struct sum {
	struct sample_key key;
	int64_t values[N_VALUES];
	UT_hash_handle hh;
};

struct writer {
	const struct profile *p;
	Pprof__Profile m;
	struct numbering texts, functions, locations, mappings;
	struct sum *sums;
	void **memory;          /* of the message */
	size_t n_memory, cap_memory;
	size_t cap_location, cap_function, cap_mapping;
};

static void *own(struct writer *w, void *memory)
{
	GROW(w->memory, w->n_memory, w->cap_memory);
	w->memory[w->n_memory++] = memory;
	return memory;
}

static void *take(struct writer *w, size_t n, size_t size)
{
	return own(w, xcalloc(n, size));
}

static int64_t text(struct writer *w, const char *string)
{
	return numbering_text(&w->texts, string);
}

/* A text that is not needed any more. */
static int64_t take_text(struct writer *w, char *string)
{
	int64_t number = text(w, string);

	free(string);
	return number;
}

/* The id of a key of n bytes, from 1 on; true: it is new. */
static bool identify(struct numbering *numbering, const void *key, size_t n, uint64_t *ret_id)
{
	uint32_t number;
	bool new = numbering_add(numbering, key, n, &number);

	*ret_id = number + 1;
	return new;
}

/* ---- where ------------------------------------------------------------------------------------------------------- */

static const char *build_id(const struct profile *p, const char *module)
{
	for (size_t i = 0; i < p->about.n_executables; i++)
		if (p->about.executables[i].path && !strcmp(p->about.executables[i].path, module))
			return p->about.executables[i].build_id;
	return NULL;
}

/* Executables have one, and the kernel. The first is the program's: pprof shows its name. */
static uint64_t mapping_of(struct writer *w, const char *module)
{
	const char *id;
	Pprof__Mapping *m;
	uint64_t mapping;

	if (!module || !*module)
		return 0;
	if (!identify(&w->mappings, module, strlen(module), &mapping))
		return mapping;
	m = take(w, 1, sizeof *m);
	pprof__mapping__init(m);
	id = build_id(w->p, module);
	m->id = mapping;
	m->filename = take_text(w, name_text(module, 0));
	m->build_id = id ? take_text(w, name_text(id, NAME_COLUMNS)) : 0;
	m->has_functions = m->has_filenames = m->has_line_numbers = m->has_inline_frames = true;
	GROW(w->m.mapping, w->m.n_mapping, w->cap_mapping);
	w->m.mapping[w->m.n_mapping++] = m;
	return mapping;
}

/* What stands for samples without a stack: pprof drops those without a location. */
static const struct frame no_stack = {.function = "[no stack]"};

static const struct frame *frame_of(const struct writer *w, int32_t index)
{
	return index < 0 ? &no_stack : &w->p->frames[index];
}

static uint64_t function_of(struct writer *w, const struct frame *frame)
{
	struct {
		const char *function, *file, *module; /* interned */
	} key = {frame->function, frame->file, frame->module};
	Pprof__Function *f;
	uint64_t id;

	if (!identify(&w->functions, &key, sizeof key, &id))
		return id;
	f = take(w, 1, sizeof *f);
	pprof__function__init(f);
	f->id = id;
	f->name = f->system_name = take_text(w, name_text(frame->function, 0));
	f->filename = frame->file && *frame->file ? take_text(w, name_text(frame->file, 0)) : 0;
	GROW(w->m.function, w->m.n_function, w->cap_function);
	w->m.function[w->m.n_function++] = f;
	return id;
}

static Pprof__Line **lines_of(struct writer *w, const int32_t *frames, size_t n)
{
	Pprof__Line **lines = take(w, n, sizeof *lines);

	for (size_t i = 0; i < n; i++) {
		const struct frame *frame = frame_of(w, frames[i]);

		lines[i] = take(w, 1, sizeof *lines[i]);
		pprof__line__init(lines[i]);
		lines[i]->function_id = function_of(w, frame);
		lines[i]->line = frame->line;
	}
	return lines;
}

/* Of n frames, inlined ones before the one that they are in. */
static uint64_t location_of(struct writer *w, const int32_t *frames, size_t n)
{
	const struct frame *frame = frame_of(w, frames[n - 1]);
	Pprof__Location *l;
	uint64_t id;

	if (!identify(&w->locations, frames, n * sizeof *frames, &id))
		return id;
	l = take(w, 1, sizeof *l);
	pprof__location__init(l);
	l->id = id;
	l->mapping_id = frame->kind == FRAME_python ? 0 : mapping_of(w, frame->module); /* the package of a Python function is none */
	l->n_line = n;
	l->line = lines_of(w, frames, n);
	GROW(w->m.location, w->m.n_location, w->cap_location);
	w->m.location[w->m.n_location++] = l;
	return id;
}

static void put_locations(struct writer *w, Pprof__Sample *sample, int32_t stack)
{
	_cleanup_free_ int32_t *frames = NULL;
	_cleanup_free_ uint64_t *ids = NULL;
	size_t n = 0, cap = 0, cap_ids = 0;

	if (stack < 0) {
		sample->location_id = take(w, 1, sizeof *sample->location_id);
		sample->location_id[sample->n_location_id++] = location_of(w, &(int32_t){-1}, 1);
	}
	for (; stack >= 0; stack = w->p->stacks[stack].parent) {
		int32_t frame = w->p->stacks[stack].frame;

		GROW(frames, n, cap);
		frames[n++] = frame;
		if (w->p->frames[frame].inlined && w->p->stacks[stack].parent >= 0)
			continue;
		GROW(ids, sample->n_location_id, cap_ids);
		ids[sample->n_location_id++] = location_of(w, frames, n);
		n = 0;
	}
	if (ids)
		sample->location_id = own(w, TAKE_PTR(ids));
}

static void add(struct writer *w, int32_t thread, int32_t task, int32_t stack, enum time_class class, const char *object, enum value v, uint64_t ns)
{
	struct sample_key key;
	struct sum *s;

	if (!ns)
		return;
	memset(&key, 0, sizeof key);
	key.thread = thread;
	key.task = task;
	key.stack = stack;
	key.class = class;
	key.object = object;
	HASH_FIND(hh, w->sums, &key, sizeof key, s);
	if (!s) {
		s = xcalloc(1, sizeof *s);
		s->key = key;
		HASH_ADD(hh, w->sums, key, sizeof s->key, s);
	}
	s->values[v] += ns;
}

static void sum_up(struct writer *w)
{
	const struct profile *p = w->p;

	for (size_t i = 0; i < p->work.n_samples; i++) {
		const struct sample *s = &p->work.samples[i];
		enum time_class class = s->kernel ? TIME_cpu_kernel : TIME_cpu_user;

		add(w, s->thread, s->task, s->stack, class, NULL, VALUE_cpu, s->weight_ns);
		add(w, s->thread, s->task, s->stack, class, NULL, VALUE_samples, !s->edge);
	}
	for (size_t i = 0; i < p->work.n_waits; i++) {
		const struct wait *x = &p->work.waits[i];

		add(w, x->thread, x->task, x->stack, x->cause, x->object, VALUE_wait, x->duration_ns);
		add(w, x->thread, x->task, x->stack, wait_ready_class(x), wait_ready_object(x), VALUE_wait, x->runnable_ns);
	}
	for (size_t i = 0; i < p->n_awaits; i++) {
		const struct await *a = &p->awaits[i];

		add(w, -1, a->task, a->stack, a->cause, a->object, VALUE_await, a->suspended_ns);
	}
}

static void put_label(struct writer *w, Pprof__Sample *s, const char *key, int64_t string, int64_t num)
{
	Pprof__Label *label = take(w, 1, sizeof *label);

	pprof__label__init(label);
	label->key = text(w, key);
	label->str = string;
	label->num = num;
	s->label[s->n_label++] = label;
}

static void put_labels(struct writer *w, Pprof__Sample *s, const struct sample_key *key)
{
	const struct profile *p = w->p;

	s->label = take(w, LABELS_MAX, sizeof *s->label);
	put_label(w, s, "class", text(w, time_class_names[key->class]), 0);
	if (key->object)
		put_label(w, s, "object", take_text(w, name_text(key->object, NAME_COLUMNS)), 0);
	if (key->thread >= 0) {
		put_label(w, s, "thread", take_text(w, name_thread(&p->work.threads[key->thread])), 0);
		put_label(w, s, "tid", 0, p->work.threads[key->thread].tid);
	}
	if (key->task >= 0)
		put_label(w, s, "task", take_text(w, name_text(p->tasks[key->task].name, NAME_COLUMNS)), 0);
}

static void put_samples(struct writer *w)
{
	w->m.sample = take(w, HASH_COUNT(w->sums), sizeof *w->m.sample);
	for (struct sum *sum = w->sums; sum; sum = sum->hh.next) {
		Pprof__Sample *s = take(w, 1, sizeof *s);

		pprof__sample__init(s);
		put_locations(w, s, sum->key.stack);
		s->n_value = N_VALUES;
		s->value = sum->values;
		put_labels(w, s, &sum->key);
		w->m.sample[w->m.n_sample++] = s;
	}
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static Pprof__ValueType *value_type(struct writer *w, const char *type, const char *unit)
{
	Pprof__ValueType *v = take(w, 1, sizeof *v);

	pprof__value_type__init(v);
	v->type = text(w, type);
	v->unit = text(w, unit);
	return v;
}

static void put_types(struct writer *w)
{
	w->m.n_sample_type = N_VALUES;
	w->m.sample_type = take(w, N_VALUES, sizeof *w->m.sample_type);
	for (int i = 0; i < N_VALUES; i++)
		w->m.sample_type[i] = value_type(w, values[i].type, values[i].unit);
	w->m.default_sample_type = text(w, values[VALUE_cpu].type);
	w->m.period_type = value_type(w, "cpu", "nanoseconds");
	w->m.period = w->p->about.interval_ns;
	w->m.time_nanos = w->p->request.start_ns;
	w->m.duration_nanos = w->p->time.wall_ns;
}

static void put_comments(struct writer *w)
{
	char **lines = carried(w->p, LEFT_OUT);
	size_t n = 0;

	while (lines[n])
		n++;
	w->m.comment = take(w, n, sizeof *w->m.comment);
	for (; w->m.n_comment < n; w->m.n_comment++)
		w->m.comment[w->m.n_comment] = text(w, lines[w->m.n_comment]);
	carried_free(lines);
}

/* Last: by now every text has its number. */
static void put_texts(struct writer *w)
{
	const struct numbered *t = NULL;

	w->m.string_table = take(w, w->texts.n, sizeof *w->m.string_table);
	while ((t = numbering_next(&w->texts, t))) {
		const char *string = numbering_key(t);

		w->m.string_table[w->m.n_string_table++] = (ProtobufCBinaryData){.data = (uint8_t *)string, .len = strlen(string)};
	}
}

static void writer_free(struct writer *w)
{
	struct sum *s, *next;

	HASH_ITER(hh, w->sums, s, next) {
		HASH_DEL(w->sums, s);
		free(s);
	}
	numbering_free(&w->texts);
	numbering_free(&w->functions);
	numbering_free(&w->locations);
	numbering_free(&w->mappings);
	while (w->n_memory)
		free(w->memory[--w->n_memory]);
	free(w->memory);
	free(w->m.mapping);
	free(w->m.location);
	free(w->m.function);
}

static int write_pprof(const struct profile *p, FILE *f)
{
	struct writer w = {.p = p, .m = PPROF__PROFILE__INIT};
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t n;
	int r;

	text(&w, "");
	mapping_of(&w, p->about.n_executables ? p->about.executables[0].path : p->request.comm);
	sum_up(&w);
	put_types(&w);
	put_samples(&w);
	put_comments(&w);
	put_texts(&w);
	n = pprof__profile__get_packed_size(&w.m);
	bytes = xcalloc(n, 1);
	pprof__profile__pack(&w.m, bytes);
	r = gzip_write(bytes, n, f);
	writer_free(&w);
	return r;
}

const struct format format_pprof = {
	.name = "pprof",
	.extension = ".pb.gz",
	.help = "for pprof: sums by stack, with thread, task, class and object as labels",
	.binary = true,
	.write = write_pprof,
};
