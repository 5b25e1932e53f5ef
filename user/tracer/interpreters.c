/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/interpreters.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/printable.h"
#include "base/sealed.h"
#include "reqprof.h"
#include "tracer/python_probe.h"

#define PYTHONS_MAX 1024        /* entries of the map */
#define OFFSET_MAX (1U << 20)   /* in any of CPython's structs */
#define ADDRESS_MAX (1ULL << 47)
#define FILE_MAX (1ULL << 40)
#define PAGE 4096

struct python {
	UT_hash_handle hh;
	pid_t pid;
	struct msg_python probe;
	struct rp_python offsets;
	char *name;
};

struct interpreters {
	struct python *list;
	int map_fd;             /* −1 = not published */
};

struct interpreters *interpreters_new(void)
{
	struct interpreters *is = xcalloc(1, sizeof *is);

	is->map_fd = -1;
	return is;
}

static void drop(struct interpreters *is, struct python *p)
{
	uint32_t key = p->pid;

	if (is->map_fd >= 0)
		bpf_map_delete_elem(is->map_fd, &key);
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
	return p->size == sizeof *p && p->version >> 8 == 3 && p->runtime < ADDRESS_MAX && p->coroutine_type < ADDRESS_MAX;
}

static bool good_probe(const struct msg_python *m)
{
	return !m->probe || (m->probe < FILE_MAX && m->start < m->end && m->end <= ADDRESS_MAX && m->start % PAGE == 0 && m->end % PAGE == 0);
}

static int take(int fd, struct python *ret)
{
	struct sealed s;
	int r = sealed_map(&s, fd);

	if (r)
		return r;
	r = s.size == sizeof ret->probe + sizeof ret->offsets ? 0 : -EINVAL;
	if (!r) {
		memcpy(&ret->probe, s.data, sizeof ret->probe);
		memcpy(&ret->offsets, (const char *)s.data + sizeof ret->probe, sizeof ret->offsets);
		r = good_offsets(&ret->offsets) && good_probe(&ret->probe) ? 0 : -EINVAL;
	}
	sealed_unmap(&s);
	return r;
}

static int publish(const struct interpreters *is, const struct python *p)
{
	uint32_t key = p->pid;

	if (is->map_fd < 0)
		return 0;
	if (bpf_map_update_elem(is->map_fd, &key, &p->offsets, BPF_ANY))
		return -errno;
	return p->probe.probe ? python_probe(p->pid, &p->probe) : 0;
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
	p->probe = taken.probe;
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

int interpreters_publish(struct interpreters *is, int map_fd)
{
	struct python *p, *next;
	int r = 0;

	is->map_fd = map_fd;
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
