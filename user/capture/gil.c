/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/gil.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define TEXT_MAX 512
#define COMM_MAX 32
#define LINE_MAX_BYTES 256

struct holder_key {
	int32_t pid;
	uint32_t tid;           /* as the interpreter knows it: of the process' own PID namespace */
};

struct gil_holder {
	UT_hash_handle hh;
	struct holder_key key;
	uint32_t tid;           /* as we do, 0 = the thread is gone */
	char name[COMM_MAX];    /* what it is called; empty = not known */
};

void gil_holders_free(struct gil_holder **holders)
{
	struct gil_holder *h, *next;

	HASH_ITER(hh, *holders, h, next) {
		HASH_DEL(*holders, h);
		free(h);
	}
}

static FILE *open_file(int32_t pid, uint32_t tid, const char *file)
{
	char path[96];

	snprintf(path, sizeof path, "/proc/%d/task/%u/%s", pid, tid, file);
	return fopen(path, "re");
}

/* What the thread is called by its innermost PID namespace, 0 = it is gone. */
static uint32_t inner_tid(int32_t pid, uint32_t tid)
{
	_cleanup_fclose_ FILE *f = open_file(pid, tid, "status");
	char line[LINE_MAX_BYTES];

	while (f && fgets(line, sizeof line, f)) {
		const char *last = strncmp(line, "NSpid:", 6) ? NULL : strrchr(line, '\t');

		if (last)
			return strtoul(last + 1, NULL, 10);
	}
	return 0;
}

static uint32_t find_tid(const struct holder_key *key)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/task", key->pid);
	struct dirent *entry;
	uint32_t found = 0;
	DIR *d;

	if (inner_tid(key->pid, key->tid) == key->tid)
		return key->tid; /* the usual case: it is in our namespace */
	d = opendir(path);
	while (d && !found && (entry = readdir(d))) {
		uint32_t tid = strtoul(entry->d_name, NULL, 10);

		if (tid && inner_tid(key->pid, tid) == key->tid)
			found = tid;
	}
	if (d)
		closedir(d);
	return found;
}

static void read_name(struct gil_holder *h)
{
	_cleanup_fclose_ FILE *f = h->tid ? open_file(h->key.pid, h->tid, "comm") : NULL;

	if (!f || !fgets(h->name, sizeof h->name, f))
		*h->name = 0;
	h->name[strcspn(h->name, "\n")] = 0;
}

static const struct gil_holder *holder_of(struct gil_holder **holders, const struct record_wait *w)
{
	struct holder_key key = {.pid = w->pid, .tid = w->holder_tid};
	struct gil_holder *h;

	HASH_FIND(hh, *holders, &key, sizeof key, h);
	if (h)
		return h;
	h = xcalloc(1, sizeof *h);
	h->key = key;
	h->tid = find_tid(&key);
	read_name(h);
	HASH_ADD(hh, *holders, key, sizeof h->key, h);
	return h;
}

const char *gil_object(struct gil_holder **holders, struct profile *p, const struct record_wait *w, const char *function)
{
	char text[TEXT_MAX] = "";
	size_t n = 0;

	if (!w->holder_tid && !function)
		return NULL;
	if (w->holder_tid) {
		const struct gil_holder *h = holder_of(holders, w);

		n = snprintf(text, sizeof text, "%s[%u]%s", h->name, h->tid ? h->tid : w->holder_tid, function ? " " : "");
	}
	n += snprintf(text + n, sizeof text - n, "%.256s", function ? function : "");
	if (w->holder_request)
		snprintf(text + n, sizeof text - n, " (%.180s)", w->holder_request);
	return profile_string(p, text);
}
