/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/tables.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uthash.h>
#include <utlist.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/protocol.h"
#include "base/sealed.h"
#include "tracer/cells.h"
#include "tracer/pieces.h"

#define GRACE_NS 1000000000 /* a walk that began with the table before is long over by then */
#define USER_END (1ULL << 47)

struct executable {
	UT_hash_handle hh;
	uint64_t id;
	struct pieces pieces;
	size_t rows;
	unsigned int users;     /* lists of code that name it */
	uint64_t idle_since;
};

/* The list of code of one process, or of several after a fork. */
struct texts {
	struct texts *prev, *next;
	uint32_t at, n_cells;
	struct rp_space space;
	struct executable **uses;
	size_t n_uses, cap_uses;
	bool in_use;
	uint64_t idle_since;
};

struct tables {
	struct cells cells;
	int spaces_fd;          /* −1 = not published */
	struct executable *executables;
	struct texts *texts;
	size_t rows, refused;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

struct tables *tables_new(size_t budget_bytes)
{
	struct tables *t = xcalloc(1, sizeof *t);

	cells_init(&t->cells, budget_bytes);
	t->spaces_fd = -1;
	return t;
}

/* ---- executables ---------------------------------------------------------------------------------------------------- */

static void drop_executable(struct tables *t, struct executable *e)
{
	HASH_DEL(t->executables, e);
	t->rows -= e->rows;
	pieces_free(&e->pieces, &t->cells);
	free(e);
}

/* The one that has been out of use longest, and long enough. */
static bool evict(struct tables *t)
{
	struct executable *e, *next, *oldest = NULL;
	uint64_t now = now_ns();

	HASH_ITER(hh, t->executables, e, next)
		if (!e->users && now - e->idle_since > GRACE_NS && (!oldest || e->idle_since < oldest->idle_since))
			oldest = e;
	if (oldest)
		drop_executable(t, oldest);
	return oldest;
}

static struct executable *find(struct tables *t, uint64_t id)
{
	struct executable *e;

	HASH_FIND(hh, t->executables, &id, sizeof id, e);
	return e;
}

static int add_rows(struct tables *t, uint64_t id, const struct msg_rows *header, size_t n)
{
	const struct rp_row *rows = (const struct rp_row *)(header + 1);
	struct executable *e;
	int r;

	if (!id || !n || header->base % (1U << RP_BLOCK_SHIFT) || header->base >= USER_END || !rows_valid(rows, n))
		return -EINVAL;
	if (find(t, id))
		return -EEXIST;
	e = xcalloc(1, sizeof *e);
	e->id = id;
	do
		r = pieces_add(&e->pieces, &t->cells, header->base, rows, n);
	while (r == -ENOSPC && evict(t));
	if (r) {
		t->refused += r == -ENOSPC;
		free(e);
		return r;
	}
	e->rows = n;
	t->rows += n;
	e->idle_since = now_ns();
	HASH_ADD(hh, t->executables, id, sizeof e->id, e);
	return 0;
}

int tables_add_rows(struct tables *t, uint64_t id, int fd)
{
	struct sealed memory;
	int r = sealed_map(&memory, fd);

	if (r)
		return r;
	r = -EINVAL;
	if (memory.size >= sizeof(struct msg_rows) && (memory.size - sizeof(struct msg_rows)) % sizeof(struct rp_row) == 0)
		r = add_rows(t, id, memory.data, (memory.size - sizeof(struct msg_rows)) / sizeof(struct rp_row));
	sealed_unmap(&memory);
	return r;
}

/* ---- processes ------------------------------------------------------------------------------------------------------- */

static void drop_texts(struct tables *t, struct texts *texts)
{
	uint64_t now = now_ns();

	for (size_t i = 0; i < texts->n_uses; i++)
		if (!--texts->uses[i]->users)
			texts->uses[i]->idle_since = now;
	if (texts->n_cells)
		cells_give_back(&t->cells, texts->at, texts->n_cells);
	DL_DELETE(t->texts, texts);
	free(texts->uses);
	free(texts);
}

/* A list as it grows. */
struct growing {
	struct rp_text *list;
	size_t n, cap;
};

static void add_text(struct growing *g, uint64_t start, uint64_t end, struct rp_text text)
{
	if (start >= end)
		return;
	GROW(g->list, g->n, g->cap);
	text.start = start;
	text.end = end;
	g->list[g->n++] = text;
}

static uint64_t clip(uint64_t x, const struct msg_text *m)
{
	return x < m->start ? m->start : x > m->end ? m->end : x;
}

/* One entry for every piece of its rows in the range, and what lies between them. */
static void add_pieces(struct growing *g, const struct msg_text *m, const struct pieces *pieces)
{
	const struct rp_text no_rule = {.index = RP_TEXT_NO_RULE};
	uint64_t at = m->start;

	for (size_t i = 0; i < pieces->n; i++) {
		const struct piece *p = &pieces->list[i];
		const struct rp_text text = {.base = p->base + m->bias, .rows = p->rows, .index = p->index};
		uint64_t start = clip(p->start + m->bias, m), end = clip(p->end + m->bias, m);

		start = start < at ? at : start; /* the bias may wrap around */
		add_text(g, at, start, no_rule);
		add_text(g, start, end, text);
		at = end > at ? end : at;
	}
	add_text(g, at, m->end, no_rule);
}

static int add_range(struct tables *t, struct texts *texts, struct growing *g, const struct msg_text *m)
{
	struct executable *e;

	switch (m->executable) {
	case MSG_TEXT_FRAME_POINTERS:
		add_text(g, m->start, m->end, (struct rp_text){.index = RP_TEXT_FRAME_POINTERS});
		return 0;
	case MSG_TEXT_NOT_LOADED:
		add_text(g, m->start, m->end, (struct rp_text){.index = RP_TEXT_NOT_LOADED});
		return 0;
	}
	e = find(t, m->executable);
	if (!e)
		return -ESTALE;
	add_pieces(g, m, &e->pieces);
	GROW(texts->uses, texts->n_uses, texts->cap_uses);
	texts->uses[texts->n_uses++] = e;
	e->users++;
	return 0;
}

static bool valid(const struct msg_text *m, uint64_t before)
{
	return m->start >= before && m->start < m->end && m->end <= USER_END;
}

static int publish(const struct tables *t, const struct texts *texts)
{
	if (t->spaces_fd < 0)
		return 0;
	return bpf_map_update_elem(t->spaces_fd, &texts->space.pid, &texts->space, BPF_ANY) ? -errno : 0;
}

/* In the order in which they came: the last one of a process counts. */
int tables_publish(struct tables *t, int chunks_fd, int spaces_fd)
{
	struct texts *texts;
	int r = cells_publish(&t->cells, chunks_fd);

	t->spaces_fd = spaces_fd;
	DL_FOREACH(t->texts, texts)
		if (!r)
			r = publish(t, texts);
	return r;
}

static int store(struct tables *t, struct texts *texts, const struct growing *g, pid_t pid)
{
	int r;

	if (g->n > RP_TEXTS_MAX)
		return -E2BIG;
	if (!g->n)
		return -EINVAL;
	do
		r = cells_take(&t->cells, g->n * RP_TEXT_CELLS, &texts->at);
	while (r == -ENOSPC && evict(t));
	if (r)
		return r;
	texts->n_cells = g->n * RP_TEXT_CELLS;
	memcpy(cells_at(&t->cells, texts->at), g->list, g->n * sizeof *g->list);
	texts->space = (struct rp_space){.texts = texts->at, .n = g->n, .pid = pid};
	return publish(t, texts);
}

static int set_texts(struct tables *t, pid_t pid, const struct msg_text *list, size_t n)
{
	struct texts *texts = xcalloc(1, sizeof *texts);
	struct growing g = {0};
	uint64_t before = 0;
	int r = 0;

	DL_APPEND(t->texts, texts);
	for (size_t i = 0; i < n && !r; i++) {
		r = valid(&list[i], before) ? add_range(t, texts, &g, &list[i]) : -EINVAL;
		before = list[i].end;
	}
	if (!r)
		r = store(t, texts, &g, pid);
	if (r)
		drop_texts(t, texts);
	free(g.list);
	return r;
}

int tables_set_texts(struct tables *t, pid_t pid, int fd)
{
	struct sealed memory;
	int r = sealed_map(&memory, fd);

	if (r)
		return r;
	r = memory.size % sizeof(struct msg_text) ? -EINVAL : set_texts(t, pid, memory.data, memory.size / sizeof(struct msg_text));
	sealed_unmap(&memory);
	return r;
}

/* ---- what is out of use ---------------------------------------------------------------------------------------------- */

static void mark(struct tables *t, uint32_t at)
{
	struct texts *texts;

	DL_FOREACH(t->texts, texts)
		if (texts->at == at)
			texts->in_use = true;
}

/* Forks and exits change the map without us: what it names is in use. */
static void mark_used(struct tables *t)
{
	struct rp_space space;
	uint32_t pid, *before = NULL;

	while (!bpf_map_get_next_key(t->spaces_fd, before, &pid)) {
		if (!bpf_map_lookup_elem(t->spaces_fd, &pid, &space))
			mark(t, space.texts);
		before = &pid;
	}
}

void tables_collect(struct tables *t)
{
	uint64_t now = now_ns();
	struct texts *texts, *next;

	DL_FOREACH(t->texts, texts)
		texts->in_use = false;
	mark_used(t);
	DL_FOREACH_SAFE(t->texts, texts, next) {
		if (texts->in_use)
			texts->idle_since = 0;
		else if (!texts->idle_since)
			texts->idle_since = now;
		else if (now - texts->idle_since > GRACE_NS)
			drop_texts(t, texts);
	}
}

/* ---------------------------------------------------------------------------------------------------------------------- */

void tables_free(struct tables *t)
{
	struct executable *e, *next;

	if (!t)
		return;
	while (t->texts)
		drop_texts(t, t->texts);
	HASH_ITER(hh, t->executables, e, next)
		drop_executable(t, e);
	cells_fini(&t->cells);
	free(t);
}

struct tables_size tables_size(const struct tables *t)
{
	return (struct tables_size){.used = t->cells.used * sizeof(uint64_t), .reserved = t->cells.n * sizeof(struct rp_chunk),
				    .executables = HASH_COUNT(t->executables), .rows = t->rows, .refused = t->refused};
}
