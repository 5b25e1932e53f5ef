/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/namer_wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define FRAME_INLINED 1U

void wire_reserve(struct wire *w, size_t n)
{
	if (w->bytes && w->cap - w->n >= n)
		return;
	while (!w->cap || w->cap - w->n < n)
		w->cap = w->cap ? w->cap * 2 : 4096;
	w->bytes = xrealloc(w->bytes, w->cap, 1);
}

static void put(struct wire *w, const void *data, size_t n)
{
	wire_reserve(w, n);
	memcpy(w->bytes + w->n, data, n);
	w->n += n;
}

void wire_begin(struct wire *w, enum namer_type type)
{
	struct wire_head head = {.type = type};

	w->n = 0;
	put(w, &head, sizeof head);
}

void wire_put_u32(struct wire *w, uint32_t value)
{
	put(w, &value, sizeof value);
}

void wire_put_u64(struct wire *w, uint64_t value)
{
	put(w, &value, sizeof value);
}

void wire_put_string(struct wire *w, const char *s)
{
	size_t max = w->n < WIRE_MESSAGE_MAX / 2 ? WIRE_STRING_MAX : WIRE_CUT_MAX;
	size_t n = s ? strnlen(s, max) : 0;

	wire_put_u32(w, s ? n : WIRE_NONE);
	if (!s)
		return;
	put(w, s, n);
	put(w, "", 1);
}

void wire_put_bytes(struct wire *w, const void *bytes, size_t n)
{
	put(w, bytes, n);
}

void wire_put_frame(struct wire *w, const struct symbol_frame *frame)
{
	wire_put_u32(w, frame->kind);
	wire_put_u32(w, frame->inlined ? FRAME_INLINED : 0);
	wire_put_u32(w, frame->line);
	wire_put_string(w, frame->function);
	wire_put_string(w, frame->file);
	wire_put_string(w, frame->module);
}

size_t wire_at(const struct wire *w)
{
	return w->n;
}

void wire_set_u32(struct wire *w, size_t at, uint32_t value)
{
	memcpy(w->bytes + at, &value, sizeof value);
}

void wire_end(struct wire *w)
{
	wire_set_u32(w, offsetof(struct wire_head, size), w->n - sizeof(struct wire_head));
}

void wire_free(struct wire *w)
{
	free(w->bytes);
	*w = (struct wire){0};
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static const uint8_t *take(struct wire_reader *r, size_t n)
{
	const uint8_t *at = r->at;

	if (r->bad || n > (size_t)(r->end - r->at)) {
		r->bad = true;
		return NULL;
	}
	r->at += n;
	return at;
}

static void get(struct wire_reader *r, void *ret, size_t n)
{
	const uint8_t *at = take(r, n);

	if (at)
		memcpy(ret, at, n);
}

uint32_t wire_get_u32(struct wire_reader *r)
{
	uint32_t value = 0;

	get(r, &value, sizeof value);
	return value;
}

uint64_t wire_get_u64(struct wire_reader *r)
{
	uint64_t value = 0;

	get(r, &value, sizeof value);
	return value;
}

const char *wire_get_string(struct wire_reader *r)
{
	uint32_t n = wire_get_u32(r);
	const char *s;

	if (r->bad || n == WIRE_NONE)
		return NULL;
	s = n > WIRE_STRING_MAX ? NULL : (const char *)take(r, n + 1);
	if (s && strnlen(s, n + 1) == n)
		return s;
	r->bad = true;
	return NULL;
}

void wire_get_frame(struct wire_reader *r, struct symbol_frame *ret)
{
	uint32_t kind = wire_get_u32(r), flags = wire_get_u32(r);

	*ret = (struct symbol_frame){.kind = kind, .inlined = flags & FRAME_INLINED, .line = wire_get_u32(r)};
	ret->function = wire_get_string(r);
	ret->file = wire_get_string(r);
	ret->module = wire_get_string(r);
	if (kind > SYMBOL_PYTHON || flags > FRAME_INLINED || !ret->function)
		r->bad = true;
}

bool wire_complete(const struct wire_reader *r)
{
	return !r->bad && r->at == r->end;
}
