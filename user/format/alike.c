/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/alike.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

#define FILE_COMPONENTS 2
#define NO_OBJECT "\x01" /* no string of a profile that means anything */

struct thing {
	UT_hash_handle hh;
	int32_t number;
	const struct frame *frame;
	char key[];
};

struct alike {
	struct thing *things;
	struct thing **list;    /* by number */
	size_t n, cap;
};

struct alike *alike_new(void)
{
	return xcalloc(1, sizeof(struct alike));
}

void alike_free(struct alike *a)
{
	struct thing *thing, *next;

	if (!a)
		return;
	HASH_ITER(hh, a->things, thing, next) {
		HASH_DEL(a->things, thing);
		free(thing);
	}
	free(a->list);
	free(a);
}

static int32_t number_of(struct alike *a, const char *key, const struct frame *frame)
{
	size_t n = strlen(key);
	struct thing *thing;

	HASH_FIND(hh, a->things, key, n, thing);
	if (thing)
		return thing->number;
	thing = xcalloc(1, sizeof *thing + n + 1);
	memcpy(thing->key, key, n);
	thing->frame = frame;
	thing->number = a->n;
	HASH_ADD_KEYPTR(hh, a->things, thing->key, n, thing);
	GROW(a->list, a->n, a->cap);
	a->list[a->n++] = thing;
	return thing->number;
}

int32_t alike_frame(struct alike *a, const struct frame *frame)
{
	const char *place = frame->file && *frame->file ? path_tail(frame->file, FILE_COMPONENTS) : frame->module ? path_tail(frame->module, 1) : "";
	_cleanup_free_ char *key = xasprintf("\x02%s\x02%s\x02%s", frame_kind_names[frame->kind], frame->function, place);

	return number_of(a, key, frame);
}

/* Without what is another in every process: "pthread mutex 0x5581c0de10" → "pthread mutex 0x…", "MainThread[4242]" → "MainThread". */
static char *general(const char *object)
{
	char *text = xcalloc(strlen(object) * 2 + 1, 1), *out = text; /* "…" is longer than a digit */

	while (*object) {
		size_t hex = !strncmp(object, "0x", 2) ? strspn(object + 2, "0123456789abcdef") : 0;
		size_t id = *object == '[' ? strspn(object + 1, "0123456789") : 0;

		if (hex) {
			out = stpcpy(out, "0x…");
			object += 2 + hex;
		} else if (id && object[1 + id] == ']') {
			object += id + 2;
		} else {
			*out++ = *object++;
		}
	}
	return text;
}

int32_t alike_object(struct alike *a, const struct profile *p, const char *object)
{
	_cleanup_free_ char *text = NULL;

	if (!object)
		return number_of(a, NO_OBJECT, NULL);
	if (p->request.remote && !strcmp(object, p->request.remote) && strcmp(object, "unix:"))
		return number_of(a, "the client", NULL);
	text = general(object);
	return number_of(a, text, NULL);
}

int32_t alike_text(struct alike *a, const char *text)
{
	return number_of(a, text, NULL);
}

size_t alike_count(const struct alike *a)
{
	return a->n;
}

const struct frame *alike_get_frame(const struct alike *a, int32_t number)
{
	return a->list[number]->frame;
}

const char *alike_get_text(const struct alike *a, int32_t number)
{
	const char *key = a->list[number]->key;

	return strcmp(key, NO_OBJECT) ? key : NULL;
}
