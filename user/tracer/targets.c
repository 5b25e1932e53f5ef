/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/targets.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/process.h"
#include "tracer/listeners.h"
#include "tracer/start_line.h"

#define PASSES_MAX 10

struct process {
	pid_t pid, parent;
	bool wanted;
};

struct processes {
	struct process *items;
	size_t n, cap;
};

static void processes_read(struct processes *list)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	list->n = 0;
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		GROW(list->items, list->n, list->cap);
		pid_t pid = strtol(entry->d_name, NULL, 10);
		list->items[list->n++] = (struct process){.pid = pid, .parent = process_parent(pid)};
	}
	if (dir)
		closedir(dir);
}

/* Never this process or its worker, which are descendants of the shell that they were started in. */
static bool is_own(const struct process *p)
{
	return p->pid == getpid() || p->parent == getpid();
}

static void want(struct processes *list, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].pid == pid && !is_own(&list->items[i]))
			list->items[i].wanted = true;
}

/* Children of what is wanted are wanted, to any depth. */
static void want_descendants(struct processes *list)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < list->n; i++) {
			struct process *child = &list->items[i];

			for (size_t j = 0; j < list->n && !child->wanted; j++)
				more |= child->wanted = list->items[j].wanted && list->items[j].pid == child->parent && !is_own(child);
		}
	}
}

static void want_listeners(struct processes *list, uint16_t port)
{
	_cleanup_free_ struct listener *listeners = NULL;
	int n = listeners_find(0, &listeners);

	for (int i = 0; i < n; i++)
		if (listeners[i].port == port)
			want(list, listeners[i].pid);
}

static const char *comm_of(pid_t pid, char comm[32])
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(comm, 32, f))
		return "?";
	comm[strcspn(comm, "\n")] = 0;
	for (char *c = comm; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	return comm;
}

/* The first bytes of its executable: System V ABI, ELF identification. */
bool target_is_32_bit(pid_t pid)
{
	unsigned char ident[EI_CLASS + 1] = {0};
	_cleanup_close_ int exe = -1;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	exe = open(path, O_RDONLY | O_CLOEXEC);
	return exe >= 0 && read(exe, ident, sizeof ident) == sizeof ident && ident[EI_CLASS] == ELFCLASS32;
}

static void find_wanted(const struct tracer_options *o, struct processes *list)
{
	processes_read(list);
	for (size_t i = 0; i < o->n_pids; i++)
		want(list, o->pids[i]);
	if (o->port)
		want_listeners(list, o->port);
	want_descendants(list);
}

size_t targets_find(const struct tracer_options *o, pid_t **ret)
{
	struct processes list = {0};
	size_t n = 0;

	find_wanted(o, &list);
	*ret = xcalloc(list.n, sizeof **ret);
	for (size_t i = 0; i < list.n; i++)
		if (list.items[i].wanted)
			(*ret)[n++] = list.items[i].pid;
	free(list.items);
	return n;
}

struct fresh {
	pid_t *pids;            /* followed, or noted, since */
	size_t n, cap;
};

/* Processes are looked for again and again: each of the last ones is warned of once. */
static bool is_news(pid_t pid)
{
	static pid_t said[16];
	static size_t n;

	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (said[i] == pid)
			return false;
	said[n++ % (sizeof said / sizeof *said)] = pid;
	return true;
}

/* False: it is gone meanwhile, or cannot be followed. */
static bool follow(struct session *session, pid_t pid)
{
	int r = session_follow(session, pid);

	if (r && r != -ESRCH && is_news(pid))
		log_warn("process %d cannot be followed, its requests will not be seen: the kernel refuses to mark it: %s", pid, strerror(-r));
	return !r;
}

/* One pass: follow what is wanted and not followed yet. Returns whether there was any. */
static bool follow_wanted(struct session *session, const struct tracer_options *o, const struct follower *follower, struct processes *list,
			  struct fresh *fresh)
{
	size_t before = fresh->n;

	find_wanted(o, list);
	for (size_t i = 0; i < list->n; i++) {
		pid_t pid = list->items[i].pid;

		if (!list->items[i].wanted || session_follows(session, pid))
			continue;
		if (target_is_32_bit(pid) || !follow(session, pid))
			continue;
		follower->followed(follower->ctx, pid);
		GROW(fresh->pids, fresh->n, fresh->cap);
		fresh->pids[fresh->n++] = pid;
	}
	return fresh->n > before;
}

/* With what they have forked meanwhile. */
static void print_fresh(struct session *session, struct processes *list, const struct fresh *fresh)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;

	processes_read(list);
	for (size_t i = 0; i < fresh->n; i++)
		want(list, fresh->pids[i]);
	want_descendants(list);
	pids = xcalloc(list->n, sizeof *pids);
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].wanted && session_follows(session, list->items[i].pid))
			pids[n++] = list->items[i].pid;
	start_lines_print(pids, n);
}

static bool holds(const struct fresh *pids, pid_t pid)
{
	for (size_t i = 0; i < pids->n; i++)
		if (pids->pids[i] == pid)
			return true;
	return false;
}

/* Of all that are followed: children may have lost the parent that was. Again as long as there are others than before: what was forked meanwhile may
 * have a socket that its parent has closed. */
static int note_sockets(struct session *session, struct processes *list)
{
	struct fresh noted = {0};
	size_t before = 1;

	for (int pass = 0; pass < PASSES_MAX && noted.n != before; pass++) {
		before = noted.n;
		processes_read(list);
		for (size_t i = 0; i < list->n; i++) {
			pid_t pid = list->items[i].pid;

			if (holds(&noted, pid) || !session_follows(session, pid))
				continue;
			session_note_sockets(session, pid);
			GROW(noted.pids, noted.n, noted.cap);
			noted.pids[noted.n++] = pid;
		}
	}
	free(noted.pids);
	return session_noted(session);
}

static int check_named(struct session *session, const struct tracer_options *o)
{
	char comm[32];

	for (size_t i = 0; i < o->n_pids; i++) {
		if (session_follows(session, o->pids[i]))
			continue;
		if (target_is_32_bit(o->pids[i]))
			return log_error("cannot attach to %d: %s is a 32-bit program, only 64-bit ones can be recorded", o->pids[i],
					 comm_of(o->pids[i], comm)), -EINVAL;
		return log_error("cannot attach to %d: %s", o->pids[i], kill(o->pids[i], 0) ? "no such process" : "it cannot be followed"), -ESRCH;
	}
	return 0;
}

/* Does this process, or one below it, listen? */
static bool tree_listens(struct processes *list, pid_t root)
{
	for (size_t i = 0; i < list->n; i++)
		list->items[i].wanted = list->items[i].pid == root;
	want_descendants(list);
	for (size_t i = 0; i < list->n; i++) {
		_cleanup_free_ struct listener *listeners = NULL;

		if (list->items[i].wanted && listeners_find(list->items[i].pid, &listeners) > 0)
			return true;
	}
	return false;
}

int targets_attach(struct session *session, const struct tracer_options *o, const struct follower *follower)
{
	struct processes list = {0};
	struct fresh fresh = {0};
	int r;

	/* Again until nothing is new: a process may have forked before it was followed. */
	for (int pass = 0; pass < PASSES_MAX && follow_wanted(session, o, follower, &list, &fresh); pass++)
		;
	print_fresh(session, &list, &fresh);
	r = check_named(session, o);
	if (!r)
		r = note_sockets(session, &list);
	for (size_t i = 0; i < o->n_pids && !r; i++)
		if (!tree_listens(&list, o->pids[i]))
			log_warn("%d listens on no socket: nothing will be seen unless it starts to, or is handed connections", o->pids[i]);
	free(list.items);
	free(fresh.pids);
	return r ?: (int)fresh.n;
}

void targets_rescan(struct session *session, const struct tracer_options *o, const struct follower *follower)
{
	struct processes list = {0};
	struct fresh fresh = {0};

	if (follow_wanted(session, o, follower, &list, &fresh)) {
		print_fresh(session, &list, &fresh);
		note_sockets(session, &list);
	}
	free(list.items);
	free(fresh.pids);
}
