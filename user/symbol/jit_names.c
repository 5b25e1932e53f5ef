/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/jit_names.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "symbol/mapped.h"
#include "symbol/perf_map.h"

#define RETRY_NS 100000000 /* a map that is not there, or grows all the time */

struct jit_names {
	UT_hash_handle hh;
	int pid;
	int fd;                 /* −1 = there is none */
	off_t size;             /* as read */
	uint64_t read_ns;       /* when it was looked for last */
	struct perf_map *map;   /* NULL = none */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static struct jit_names *find_or_add(struct jit_names **names, int pid)
{
	struct jit_names *j;

	HASH_FIND_INT(*names, &pid, j);
	if (j)
		return j;
	j = xcalloc(1, sizeof *j);
	j->pid = pid;
	j->fd = -1;
	HASH_ADD_INT(*names, pid, j);
	return j;
}

static void read_map(struct jit_names *j, const struct asked *asked, const struct stat *st)
{
	const struct file_id id = {.device = st->st_dev, .inode = st->st_ino, .size = st->st_size, .path = "/tmp/perf-PID.map"};
	struct mapped text;

	if (!asked_begin(asked, &id))
		return;
	if (!mapped_open(&text, j->fd)) {
		perf_map_free(j->map);
		j->map = perf_map_parse(text.data, text.size);
		mapped_close(&text);
	}
	j->size = st->st_size;
	asked_end(asked);
}

/* Programs append to it; a new one is another file. */
static void look(struct jit_names *j, const struct asked *asked)
{
	struct stat st;
	int fd;

	if (j->read_ns && now() - j->read_ns < RETRY_NS)
		return;
	j->read_ns = now();
	fd = asked->source->open_perf_map(asked->source->ctx, asked->pid);
	if (fd < 0)
		return;
	cleanup_close(&j->fd);
	j->fd = fd;
	if (!fstat(fd, &st) && (!j->map || st.st_size != j->size))
		read_map(j, asked, &st);
}

const char *jit_name(struct jit_names **names, const struct asked *asked, uint64_t address)
{
	struct jit_names *j = find_or_add(names, asked->pid);
	uint64_t start;

	look(j, asked);
	return j->map ? perf_map_find(j->map, address, &start) : NULL;
}

static void drop(struct jit_names **names, struct jit_names *j)
{
	HASH_DEL(*names, j);
	cleanup_close(&j->fd);
	perf_map_free(j->map);
	free(j);
}

void jit_names_forget(struct jit_names **names, int pid)
{
	struct jit_names *j;

	HASH_FIND_INT(*names, &pid, j);
	if (j)
		drop(names, j);
}

void jit_names_clear(struct jit_names **names)
{
	struct jit_names *j, *next;

	HASH_ITER(hh, *names, j, next)
		drop(names, j);
}
