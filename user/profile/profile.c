/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/profile.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"

#define CLASS_NAME(name, label, word) #name,
#define CLASS_LABEL(name, label, word) label,
#define CLASS_WORD(name, label, word) word,
#define PLAIN_NAME(name) #name,

const char *const time_class_names[N_TIME_CLASSES] = {TIME_CLASSES(CLASS_NAME)};
const char *const time_class_labels[N_TIME_CLASSES] = {TIME_CLASSES(CLASS_LABEL)};
const char *const time_class_words[N_TIME_CLASSES] = {TIME_CLASSES(CLASS_WORD)};
const char *const frame_kind_names[N_FRAME_KINDS] = {FRAME_KINDS(PLAIN_NAME)};
const char *const mark_names[N_MARKS] = {MARKS(PLAIN_NAME)};

struct pooled_string {
	UT_hash_handle hh;
	char text[];
};

struct string_pool {
	struct pooled_string *strings;
};

/* Frames and stacks that are there, by content. Strings are interned, so their pointers are content enough. */
struct frame_key {
	const char *function, *file, *module;
	uint32_t line;
	uint32_t kind_and_inlined;
};

struct frame_entry {
	UT_hash_handle hh;
	struct frame_key key;
	int32_t index;
};

struct stack_entry {
	UT_hash_handle hh;
	struct stack_node key;
	int32_t index;
};

struct stack_index {
	struct frame_entry *frames;
	struct stack_entry *stacks;
};

struct profile *profile_new(void)
{
	struct profile *p = xcalloc(1, sizeof *p);

	p->strings = xcalloc(1, sizeof *p->strings);
	p->index = xcalloc(1, sizeof *p->index);
	return p;
}

static void free_strings(struct string_pool *pool)
{
	struct pooled_string *s, *next;

	HASH_ITER(hh, pool->strings, s, next) {
		HASH_DEL(pool->strings, s);
		free(s);
	}
	free(pool);
}

static void free_index(struct stack_index *index)
{
	struct frame_entry *frame, *next_frame;
	struct stack_entry *stack, *next_stack;

	HASH_ITER(hh, index->frames, frame, next_frame) {
		HASH_DEL(index->frames, frame);
		free(frame);
	}
	HASH_ITER(hh, index->stacks, stack, next_stack) {
		HASH_DEL(index->stacks, stack);
		free(stack);
	}
	free(index);
}

void work_free(struct work *w)
{
	free(w->threads);
	free(w->samples);
	free(w->waits);
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	free_strings(p->strings);
	free_index(p->index);
	work_free(&p->work);
	if (p->after)
		work_free(p->after);
	free(p->after);
	free(p->tasks);
	free(p->awaits);
	free(p->loop_busy);
	free(p->merged);
	free(p->sources);
	free(p->frames);
	free(p->stacks);
	free(p->about.executables);
	free(p->about.truncations);
	free(p);
}

const char *profile_string_n(struct profile *p, const char *s, size_t n)
{
	struct pooled_string *found;

	if (!s)
		return NULL;
	n = strnlen(s, n);
	HASH_FIND(hh, p->strings->strings, s, n, found);
	if (!found) {
		found = xcalloc(1, sizeof *found + n + 1);
		memcpy(found->text, s, n);
		HASH_ADD_KEYPTR(hh, p->strings->strings, found->text, n, found);
	}
	return found->text;
}

const char *profile_string(struct profile *p, const char *s)
{
	return s ? profile_string_n(p, s, strlen(s)) : NULL;
}

enum time_class wait_ready_class(const struct wait *w)
{
	return w->cause == TIME_throttled ? TIME_throttled : TIME_run_queue;
}

const char *wait_ready_object(const struct wait *w)
{
	return w->cause == wait_ready_class(w) ? w->object : NULL;
}

int32_t profile_frame(struct profile *p, const struct frame *frame)
{
	struct frame_key key;
	struct frame_entry *e;

	memset(&key, 0, sizeof key); /* padding too: it is hashed */
	key.function = profile_string(p, frame->function);
	key.file = profile_string(p, frame->file);
	key.module = profile_string(p, frame->module);
	key.line = frame->line;
	key.kind_and_inlined = (uint32_t)frame->kind << 1 | frame->inlined;
	HASH_FIND(hh, p->index->frames, &key, sizeof key, e);
	if (e)
		return e->index;
	e = xcalloc(1, sizeof *e);
	e->key = key;
	e->index = p->n_frames;
	HASH_ADD(hh, p->index->frames, key, sizeof e->key, e);
	GROW(p->frames, p->n_frames, p->cap_frames);
	p->frames[p->n_frames++] = (struct frame){
		.function = key.function, .file = key.file, .module = key.module, .line = frame->line, .kind = frame->kind,
		.inlined = frame->inlined,
	};
	return e->index;
}

int32_t profile_stack(struct profile *p, int32_t parent, int32_t frame)
{
	struct stack_node key = {.parent = parent, .frame = frame};
	struct stack_entry *e;

	HASH_FIND(hh, p->index->stacks, &key, sizeof key, e);
	if (e)
		return e->index;
	e = xcalloc(1, sizeof *e);
	e->key = key;
	e->index = p->n_stacks;
	HASH_ADD(hh, p->index->stacks, key, sizeof e->key, e);
	GROW(p->stacks, p->n_stacks, p->cap_stacks);
	p->stacks[p->n_stacks++] = key;
	return e->index;
}

struct thread *work_add_thread(struct work *w)
{
	GROW(w->threads, w->n_threads, w->cap_threads);
	w->threads[w->n_threads] = (struct thread){.gil_held_ns = -1};
	return &w->threads[w->n_threads++];
}

struct sample *work_add_sample(struct work *w)
{
	GROW(w->samples, w->n_samples, w->cap_samples);
	w->samples[w->n_samples] = (struct sample){.task = -1, .stack = -1};
	return &w->samples[w->n_samples++];
}

struct wait *work_add_wait(struct work *w)
{
	GROW(w->waits, w->n_waits, w->cap_waits);
	w->waits[w->n_waits] = (struct wait){.task = -1, .stack = -1};
	return &w->waits[w->n_waits++];
}
