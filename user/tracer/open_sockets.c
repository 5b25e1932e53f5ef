/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/open_sockets.h"

#include <dirent.h>
#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "reqprof.h"
#include "tracer/listeners.h"
#include "tracer/local_storage.h"

/* The kernel's name of Unix stream sockets (net/unix/af_unix.c, unix_stream_proto), under which it shows them (net/socket.c, sockfs_xattr_get()). */
#define PROTOCOL_NAME "system.sockprotoname"
#define UNIX_STREAM "UNIX-STREAM"
#define SOCKET_LINK "socket:["  /* what /proc/PID/fd/N of one begins with */

struct process {
	pid_t pid;
	int pidfd;
	int arrivals;
};

static int option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof value;

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) ? -1 : value;
}

/* Is it still what its number stood for? */
static bool is_wanted(int fd)
{
	return option(fd, SO_TYPE) == SOCK_STREAM && (option(fd, SO_DOMAIN) == AF_UNIX || option(fd, SO_ACCEPTCONN) == 1);
}

/* One of its descriptors, which it may close meanwhile. */
static int note(const struct process *p, int number)
{
	static const struct rp_arrival open = {.was_open = 1};
	_cleanup_close_ int fd = syscall(SYS_pidfd_getfd, p->pidfd, number, 0);
	int r = 0;

	if (fd < 0)
		return errno == EBADF || errno == ESRCH ? 0 : -errno;
	if (is_wanted(fd))
		r = local_storage_add(p->arrivals, fd, &open);
	return r == -EEXIST ? 0 : r;
}

static int note_listeners(const struct process *p)
{
	_cleanup_free_ struct listener *listeners = NULL;
	int n = listeners_find(p->pid, &listeners), r = n < 0 ? n : 0;

	for (int i = 0; i < n && !r; i++)
		if (listeners[i].port)
			r = note(p, listeners[i].fd);
	return r;
}

/* 1, 0, or −errno: it may not be known. Other files than sockets are not asked, their file systems may take long to answer. */
static int is_unix_stream(const struct process *p, DIR *dir, const char *number)
{
	char path[64], protocol[sizeof UNIX_STREAM] = "", link[sizeof SOCKET_LINK] = "";

	if (readlinkat(dirfd(dir), number, link, sizeof link - 1) < 0 && (errno == EACCES || errno == EPERM))
		return -errno;
	if (strcmp(link, SOCKET_LINK) != 0)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/fd/%.16s", p->pid, number);
	if (getxattr(path, PROTOCOL_NAME, protocol, sizeof protocol) < 0)
		return errno == EACCES || errno == EPERM ? -errno : 0;
	return !memcmp(protocol, UNIX_STREAM, sizeof protocol);
}

static int note_unix(const struct process *p)
{
	struct dirent *entry;
	char path[64];
	int r = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", p->pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r >= 0 && (entry = readdir(dir))) {
		r = is_unix_stream(p, dir, entry->d_name);
		if (r > 0)
			r = note(p, strtol(entry->d_name, NULL, 10));
	}
	closedir(dir);
	return r;
}

/* Does it live on without its first thread, in whose name its descriptors are shown? /proc/PID/task has two links more than threads. */
static bool is_leaderless(pid_t pid)
{
	struct process_stat stat_line;
	struct stat tasks;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	return !process_stat(pid, &stat_line) && stat_line.state == 'Z' && !stat(path, &tasks) && tasks.st_nlink > 3;
}

int open_sockets_note(pid_t pid, int arrivals)
{
	_cleanup_close_ int pidfd = syscall(SYS_pidfd_open, pid, 0);
	struct process p = {.pid = pid, .pidfd = pidfd, .arrivals = arrivals};
	int r;

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -errno;
	if (is_leaderless(pid))
		return -EOWNERDEAD;
	r = note_listeners(&p) ?: note_unix(&p);
	return r == -ENOENT || r == -ESRCH ? 0 : r;
}
