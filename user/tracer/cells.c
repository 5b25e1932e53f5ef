/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/cells.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct range {
	uint32_t at, n;
};

struct chunk {
	int fd;
	uint64_t *cells;        /* mapped */
	struct range *free;     /* by place, never beside each other */
	size_t n_free, cap_free;
};

void cells_init(struct cells *c, size_t max_bytes)
{
	*c = (struct cells){.chunks_fd = -1, .max = max_bytes / sizeof(struct rp_chunk)};
	if (c->max > RP_CHUNKS_MAX)
		c->max = RP_CHUNKS_MAX;
	c->chunks = xcalloc(c->max, sizeof *c->chunks);
}

void cells_fini(struct cells *c)
{
	for (size_t i = 0; i < c->n; i++) {
		munmap(c->chunks[i].cells, sizeof(struct rp_chunk));
		close(c->chunks[i].fd);
		free(c->chunks[i].free);
	}
	free(c->chunks);
	*c = (struct cells){0};
}

static void insert(struct chunk *chunk, size_t i, struct range range)
{
	GROW(chunk->free, chunk->n_free, chunk->cap_free);
	memmove(chunk->free + i + 1, chunk->free + i, (chunk->n_free - i) * sizeof *chunk->free);
	chunk->free[i] = range;
	chunk->n_free++;
}

static void delete(struct chunk *chunk, size_t i)
{
	chunk->n_free--;
	memmove(chunk->free + i, chunk->free + i + 1, (chunk->n_free - i) * sizeof *chunk->free);
}

static int publish(const struct cells *c, uint32_t number)
{
	return bpf_map_update_elem(c->chunks_fd, &number, &c->chunks[number].fd, BPF_ANY) ? -errno : 0;
}

/* All at once: the kernel waits for running programs after each update of such a map, for 15 ms. */
int cells_publish(struct cells *c, int chunks_fd)
{
	_cleanup_free_ uint32_t *numbers = xcalloc(c->n + 1, sizeof *numbers);
	_cleanup_free_ int *fds = xcalloc(c->n + 1, sizeof *fds);
	uint32_t n = c->n;

	c->chunks_fd = chunks_fd;
	for (size_t i = 0; i < c->n; i++) {
		numbers[i] = i;
		fds[i] = c->chunks[i].fd;
	}
	return n && bpf_map_update_batch(chunks_fd, numbers, fds, &n, NULL) ? -errno : 0;
}

static int add_chunk(struct cells *c)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	struct chunk *chunk = &c->chunks[c->n];
	_cleanup_close_ int fd = -1;
	int r = 0;

	if (c->n == c->max)
		return -ENOSPC;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "chunk", sizeof(uint32_t), sizeof(struct rp_chunk), 1, &options);
	if (fd < 0)
		return -errno;
	chunk->cells = mmap(NULL, sizeof(struct rp_chunk), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (chunk->cells == MAP_FAILED)
		return -errno;
	chunk->fd = fd;
	if (c->chunks_fd >= 0)
		r = publish(c, c->n);
	if (r) {
		munmap(chunk->cells, sizeof(struct rp_chunk));
		return r;
	}
	fd = -1; /* the chunk's */
	c->n++;
	insert(chunk, 0, (struct range){.n = RP_CHUNK_CELLS});
	return 0;
}

static uint32_t rounded(uint32_t n)
{
	return (n + RP_TEXT_CELLS - 1) / RP_TEXT_CELLS * RP_TEXT_CELLS;
}

/* The first range that is large enough. */
static bool take_from(struct chunk *chunk, uint32_t n, uint32_t *ret)
{
	for (size_t i = 0; i < chunk->n_free; i++) {
		struct range *free = &chunk->free[i];

		if (free->n < n)
			continue;
		*ret = free->at;
		free->at += n;
		free->n -= n;
		if (!free->n)
			delete(chunk, i);
		return true;
	}
	return false;
}

int cells_take(struct cells *c, uint32_t n, uint32_t *ret)
{
	uint32_t at;

	n = rounded(n);
	if (!n || n > RP_CHUNK_CELLS)
		return -EINVAL;
	for (size_t i = 0;; i++) {
		int r = i == c->n ? add_chunk(c) : 0;

		if (r)
			return r;
		if (!take_from(&c->chunks[i], n, &at))
			continue;
		*ret = i << RP_CHUNK_SHIFT | at;
		c->used += n;
		return 0;
	}
}

void cells_give_back(struct cells *c, uint32_t at, uint32_t n)
{
	struct chunk *chunk = &c->chunks[at >> RP_CHUNK_SHIFT];
	struct range range = {.at = at & (RP_CHUNK_CELLS - 1), .n = rounded(n)};
	size_t i = 0;

	c->used -= range.n;
	while (i < chunk->n_free && chunk->free[i].at < range.at)
		i++;
	if (i < chunk->n_free && range.at + range.n == chunk->free[i].at) {
		range.n += chunk->free[i].n;
		delete(chunk, i);
	}
	if (i && chunk->free[i - 1].at + chunk->free[i - 1].n == range.at)
		chunk->free[i - 1].n += range.n;
	else
		insert(chunk, i, range);
}

uint64_t *cells_at(const struct cells *c, uint32_t at)
{
	return c->chunks[at >> RP_CHUNK_SHIFT].cells + (at & (RP_CHUNK_CELLS - 1));
}
