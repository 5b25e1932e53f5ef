/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Space for the unwinding tables (reqprof.h): ranges of cells, each within one chunk; chunks are made when they are needed, up to a budget. */
#ifndef REQPROF_CELLS_H
#define REQPROF_CELLS_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "reqprof.h"

struct chunk;

struct cells {
	int chunks_fd;          /* the array of maps, not owned; −1 = not there yet */
	struct chunk *chunks;
	size_t n, max;
	size_t used;            /* cells */
};

void cells_init(struct cells *c, size_t max_bytes);
void cells_fini(struct cells *c);

/* The BPF side sees them from now on. 0 or −errno. */
int cells_publish(struct cells *c, int chunks_fd);

/* `n` cells, at most RP_CHUNK_CELLS, beginning at a multiple of RP_TEXT_CELLS; *ret is their index. 0, −ENOSPC (the budget is used up), −errno. */
int cells_take(struct cells *c, uint32_t n, uint32_t *ret);
void cells_give_back(struct cells *c, uint32_t at, uint32_t n);

/* Their memory. */
uint64_t *cells_at(const struct cells *c, uint32_t at);

#endif
