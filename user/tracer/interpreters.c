/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/interpreters.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "base/sealed.h"
#include "reqprof.h"

#define PYTHONS_MAX 1024        /* entries of the map */
#define OFFSET_MAX (1U << 20)   /* in any of CPython's structs */
#define ADDRESS_MAX (1ULL << 47)
#define FILE_MAX (1ULL << 40)
#define PAGE 4096

struct python {
	UT_hash_handle hh;
	pid_t pid;
	struct msg_python probes;
	struct rp_python offsets;
	char *name;
};

struct interpreters {
	struct python *list;
	struct interpreters_sink sink; /* empty = not published */
};

struct interpreters *interpreters_new(void)
{
	return xcalloc(1, sizeof(struct interpreters));
}

static void drop(struct interpreters *is, struct python *p)
{
	if (is->sink.gone)
		is->sink.gone(is->sink.ctx, p->pid);
	HASH_DEL(is->list, p);
	free(p->name);
	free(p);
}

void interpreters_free(struct interpreters *is)
{
	if (!is)
		return;
	while (is->list)
		drop(is, is->list);
	free(is);
}

/* ---- what is taken -------------------------------------------------------------------------------------------------------- */

static bool good_offsets(const struct rp_python *p)
{
	const uint32_t *offset = &p->interpreters;
	size_t n = (offsetof(struct rp_python, size) - offsetof(struct rp_python, interpreters)) / sizeof *offset;

	for (size_t i = 0; i < n; i++)
		if (offset[i] >= OFFSET_MAX && offset[i] != RP_PYTHON_NONE)
			return false;
	return p->size == sizeof *p && p->version >> 8 == 3 && p->runtime < ADDRESS_MAX && p->coroutine_type < ADDRESS_MAX &&
	       p->code_type < ADDRESS_MAX;
}

static bool good_probe(const struct msg_function *m)
{
	return !m->probe || (m->probe < FILE_MAX && m->start < m->end && m->end <= ADDRESS_MAX && m->start % PAGE == 0 && m->end % PAGE == 0);
}

static bool good_probes(const struct msg_python *m)
{
	for (size_t i = 0; i < MSG_FRESH_CONTEXTS; i++)
		if (m->fresh[i] >= FILE_MAX || (m->fresh[i] && !m->copy.probe))
			return false;
	return good_probe(&m->copy) && good_probe(&m->put);
}

static int take(int fd, struct python *ret)
{
	struct sealed s;
	int r = sealed_map(&s, fd);

	if (r)
		return r;
	r = s.size == sizeof ret->probes + sizeof ret->offsets ? 0 : -EINVAL;
	if (!r) {
		memcpy(&ret->probes, s.data, sizeof ret->probes);
		memcpy(&ret->offsets, (const char *)s.data + sizeof ret->probes, sizeof ret->offsets);
		r = good_offsets(&ret->offsets) && good_probes(&ret->probes) ? 0 : -EINVAL;
	}
	sealed_unmap(&s);
	return r;
}

/* The file that a mapping shows is the one that the process runs, also if another one has its name now. The caller frees its path. */
static struct interpreter_probe place(pid_t pid, const struct msg_function *f)
{
	return (struct interpreter_probe){
		.path = f->probe ? xasprintf("/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, f->start, f->end) : NULL, .offset = f->probe,
	};
}

static int publish(const struct interpreters *is, const struct python *p)
{
	struct interpreter_probes probes = {.copy = place(p->pid, &p->probes.copy), .put = place(p->pid, &p->probes.put)};
	int r;

	for (size_t i = 0; i < MSG_FRESH_CONTEXTS; i++)
		if (p->probes.fresh[i])
			probes.fresh[probes.n_fresh++] = p->probes.fresh[i];
	r = is->sink.python ? is->sink.python(is->sink.ctx, p->pid, &p->offsets, &probes) : 0;
	free(probes.copy.path);
	free(probes.put.path);
	return r;
}

static struct python *find(const struct interpreters *is, pid_t pid)
{
	struct python *p;

	HASH_FIND_INT(is->list, &pid, p);
	return p;
}

static int add(struct interpreters *is, pid_t pid, struct python **ret)
{
	struct python *p;

	if (HASH_COUNT(is->list) >= PYTHONS_MAX)
		interpreters_collect(is);
	if (HASH_COUNT(is->list) >= PYTHONS_MAX)
		return -ENOSPC;
	p = xcalloc(1, sizeof *p);
	p->pid = pid;
	HASH_ADD_INT(is->list, pid, p);
	*ret = p;
	return 0;
}

int interpreters_set(struct interpreters *is, pid_t pid, int fd, const char *name)
{
	struct python *p = find(is, pid), taken;
	int r;

	if (fd < 0) {
		if (p)
			drop(is, p);
		return 0;
	}
	r = take(fd, &taken);
	if (!r && !p)
		r = add(is, pid, &p);
	if (r)
		return r;
	p->probes = taken.probes;
	p->offsets = taken.offsets;
	free(p->name);
	p->name = printable(name, strlen(name), MSG_NAME_MAX);
	return publish(is, p);
}

const char *interpreters_name(const struct interpreters *is, pid_t pid)
{
	const struct python *p = find(is, pid);

	return p ? p->name : NULL;
}

int interpreters_publish(struct interpreters *is, struct interpreters_sink sink)
{
	struct python *p, *next;
	int r = 0;

	is->sink = sink;
	HASH_ITER(hh, is->list, p, next) {
		int e = publish(is, p);

		r = e ? e : r;
	}
	return r;
}

void interpreters_collect(struct interpreters *is)
{
	struct python *p, *next;

	HASH_ITER(hh, is->list, p, next)
		if (kill(p->pid, 0) && errno == ESRCH)
			drop(is, p);
}
