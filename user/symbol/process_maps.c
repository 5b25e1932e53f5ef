/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/process_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define VERSIONS_MAX 8
#define RETRY_NS 20000000 /* after a reading that did not help: chains of frames often end in stray addresses */

/* What was mapped from one reading to the next that differed. */
struct version {
	struct maps maps;
	uint64_t since;
};

struct process_maps {
	UT_hash_handle hh;
	int pid;
	struct version versions[VERSIONS_MAX]; /* the latest first */
	int n;
	uint64_t retry_ns;      /* not before */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static struct process_maps *find(const struct process_table *t, int pid)
{
	struct process_maps *p;

	HASH_FIND_INT(t->list, &pid, p);
	return p;
}

static struct process_maps *find_or_add(struct process_table *t, int pid)
{
	struct process_maps *p = find(t, pid);

	if (p)
		return p;
	p = xcalloc(1, sizeof *p);
	p->pid = pid;
	HASH_ADD_INT(t->list, pid, p);
	return p;
}

static void drop_maps(struct process_table *t, struct maps *maps)
{
	for (size_t i = 0; i < maps->n; i++)
		files_give_back(&t->files, maps->list[i].file);
	maps_clear(maps);
}

static void open_files(struct process_table *t, int pid, struct maps *maps)
{
	struct asked asked = {.source = t->source, .pid = pid};

	for (size_t i = 0; i < maps->n; i++)
		if (maps->list[i].executable && mapping_is_file(&maps->list[i]))
			maps->list[i].file = files_take(&t->files, &asked, &maps->list[i]);
}

static int read_maps(struct process_table *t, int pid, struct maps *maps)
{
	_cleanup_close_ int fd = t->source->open_maps(t->source->ctx, pid);

	return fd < 0 ? fd : maps_read(maps, fd);
}

static bool same_mapping(const struct mapping *a, const struct mapping *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset && a->inode == b->inode && a->device == b->device &&
	       a->file == b->file && a->executable == b->executable;
}

static bool same_maps(const struct maps *a, const struct maps *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_mapping(&a->list[i], &b->list[i]))
			return false;
	return true;
}

static void drop_versions(struct process_table *t, struct process_maps *p, int keep)
{
	while (p->n > keep)
		drop_maps(t, &p->versions[--p->n].maps);
}

static void add_version(struct process_table *t, struct process_maps *p, const struct maps *maps)
{
	uint64_t since = p->n ? now() : 0;

	if (p->n && same_maps(&p->versions[0].maps, maps)) { /* the files may be: those of the old list are given back */
		since = p->versions[0].since;
		drop_maps(t, &p->versions[0].maps);
	} else {
		drop_versions(t, p, VERSIONS_MAX - 1);
		memmove(p->versions + 1, p->versions, p->n++ * sizeof *p->versions);
	}
	p->versions[0] = (struct version){.maps = *maps, .since = since};
}

int process_table_read(struct process_table *t, int pid, bool anew)
{
	struct process_maps *p = find_or_add(t, pid);
	struct maps maps = {0};
	int e = read_maps(t, pid, &maps);

	if (!e && !maps.n) /* a process that has ended, but is not yet waited for */
		e = -ESRCH;
	if (!e)
		open_files(t, pid, &maps);
	if (e)
		maps_clear(&maps);
	if (anew)
		drop_versions(t, p, 0);
	if (!e) {
		add_version(t, p, &maps);
		p->retry_ns = 0;
	}
	return e;
}

void process_table_forget(struct process_table *t, int pid)
{
	struct process_maps *p = find(t, pid);

	if (!p)
		return;
	drop_versions(t, p, 0);
	HASH_DEL(t->list, p);
	free(p);
}

void process_table_clear(struct process_table *t)
{
	while (t->list)
		process_table_forget(t, t->list->pid);
	files_clear(&t->files);
}

const struct maps *process_table_maps(const struct process_table *t, int pid)
{
	const struct process_maps *p = find(t, pid);

	return p && p->n ? &p->versions[0].maps : NULL;
}

/* In what was mapped then, as far as is known, else in what was mapped later. */
static struct mapping *find_mapping(const struct process_maps *p, uint64_t address, uint64_t when)
{
	struct mapping *m = NULL;
	int i = 0;

	while (i < p->n - 1 && p->versions[i].since > when)
		i++;
	for (; i >= 0 && i < p->n && !m; i--)
		m = maps_find(&p->versions[i].maps, address);
	return m;
}

struct mapping *process_table_find(struct process_table *t, int pid, uint64_t address, uint64_t when)
{
	struct process_maps *p = find_or_add(t, pid);
	struct mapping *m = find_mapping(p, address, when);

	if (m || now() < p->retry_ns)
		return m;
	if (!process_table_read(t, pid, false))
		m = find_mapping(p, address, when);
	if (!m)
		p->retry_ns = now() + RETRY_NS;
	return m;
}
