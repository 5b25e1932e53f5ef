/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/process.h"
#include "base/sealed.h"

#define NS_PER_S 1000000000ULL
#define DEPTH_MAX 256

/* ---- who reads --------------------------------------------------------------------------------------------------- */

/* A process' effective ids and its other groups. */
struct reader {
	uid_t uid;
	gid_t *gids;
	size_t n, cap;
};

static void add_group(struct reader *r, gid_t gid)
{
	GROW(r->gids, r->n, r->cap);
	r->gids[r->n++] = gid;
}

/* Of /proc/PID/status: "Uid:", "Gid:" real, effective …; "Groups:" all others. */
static int read_reader(pid_t pid, struct reader *ret)
{
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	unsigned gid;
	char path[64];

	*ret = (struct reader){.uid = -1};
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && getline(&line, &size, f) >= 0) {
		sscanf(line, "Uid:\t%*u\t%u", &ret->uid);
		if (sscanf(line, "Gid:\t%*u\t%u", &gid) == 1)
			add_group(ret, gid);
		if (strncmp(line, "Groups:", 7))
			continue;
		for (char *at = line + 7, *end; gid = strtoul(at, &end, 10), end > at; at = end)
			add_group(ret, gid);
	}
	return ret->uid == (uid_t)-1 ? -ESRCH : 0;
}

/* By the mode alone; S_IROTH: read, S_IXOTH: pass through a directory. */
static bool may(const struct reader *r, const struct stat *st, mode_t others)
{
	bool member = false;

	for (size_t i = 0; i < r->n; i++)
		member |= r->gids[i] == st->st_gid;
	return !r->uid || st->st_mode & (r->uid == st->st_uid ? others << 6 : member ? others << 3 : others);
}

/* ---- where ------------------------------------------------------------------------------------------------------- */

static int open_root(pid_t pid, const char *which)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", pid, which);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_below(int directory, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS | resolve};
	int fd = syscall(SYS_openat2, directory, path, &how, sizeof how);

	return fd < 0 ? -errno : fd;
}

static int open_file(pid_t pid, const char *path)
{
	bool absolute = *path == '/';
	_cleanup_close_ int directory = open_root(pid, absolute ? "root" : "cwd");
	int fd = directory < 0 ? directory : open_below(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, absolute ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);

	return fd == -EXDEV ? -ENOENT : fd; /* a relative path out of the working directory: it was relative to something else */
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The directory that the file really lies in, below the root; links have been followed. */
static int open_parent(int root, int file, const struct stat *st)
{
	_cleanup_close_ int parent = -1;
	char link[64], path[PATH_MAX], *slash;
	struct stat found;
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", file);
	n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return -EACCES;
	*slash = '\0';
	parent = open_below(root, *path ? path : "/", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (parent < 0 || fstatat(parent, slash + 1, &found, AT_SYMLINK_NOFOLLOW) || !is_same(&found, st))
		return -EACCES;
	return TAKE_FD(parent);
}

/* May the process pass through all directories from its root to this one? */
static bool may_reach(const struct reader *r, int root, int directory)
{
	_cleanup_close_ int at = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	struct stat top, here;

	if (fstat(root, &top))
		return false;
	for (int depth = 0; depth < DEPTH_MAX && at >= 0; depth++) {
		int up;

		if (fstat(at, &here) || !may(r, &here, S_IXOTH))
			return false;
		if (is_same(&here, &top))
			return true;
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = up;
	}
	return false;
}

static int check_readable(pid_t pid, int fd)
{
	_cleanup_close_ int root = open_root(pid, "root"), parent = -1;
	struct reader r;
	struct stat st;
	int e;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -EACCES;
	e = read_reader(pid, &r);
	if (!e && r.uid) {
		parent = root < 0 ? root : open_parent(root, fd, &st);
		e = parent >= 0 && may(&r, &st, S_IROTH) && may_reach(&r, root, parent) ? 0 : -EACCES;
	}
	free(r.gids);
	return e;
}

static int copy_path(int fd, char path[static PATH_MAX])
{
	struct sealed s;
	int r = sealed_map(&s, fd);

	if (r)
		return r;
	if (s.size > PATH_MAX || memchr(s.data, 0, s.size) != (const char *)s.data + s.size - 1)
		r = -EINVAL;
	else
		memcpy(path, s.data, s.size);
	sealed_unmap(&s);
	return r;
}

/* ---- when it began ----------------------------------------------------------------------------------------------- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) ? 0 : t.tv_sec * NS_PER_S + t.tv_nsec;
}

static uint64_t began_ns(pid_t pid)
{
	struct process_stat stat;
	uint64_t per_s = sysconf(_SC_CLK_TCK);

	if (process_stat(pid, &stat) < 0 || !per_s)
		return 0;
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME) + stat.start_ticks * (NS_PER_S / per_s);
}

int source_file_open(pid_t pid, int path_fd, uint64_t *ret_began_ns)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	int r = copy_path(path_fd, path);

	*ret_began_ns = began_ns(pid);
	if (r < 0)
		return r;
	fd = open_file(pid, path);
	if (fd < 0)
		return fd;
	r = check_readable(pid, fd);
	return r < 0 ? r : TAKE_FD(fd);
}
