/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sealed.h"
#include "tracer/source_file.h"

/* Only plain files are handed out: opening is all that happens to them here. */
static int regular(int fd)
{
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EACCES;
}

static int open_maps(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_file(pid_t pid, uint64_t start, uint64_t end)
{
	char path[96];

	snprintf(path, sizeof path, "/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)start, (unsigned long long)end);
	return regular(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

/* A file below the target's root directory. It may be a container whose links point anywhere: they are resolved inside of it. */
static int open_in_root(pid_t pid, const char *path, uint64_t resolve)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve};
	_cleanup_close_ int root = -1;
	char root_path[64];

	snprintf(root_path, sizeof root_path, "/proc/%d/root", pid);
	root = open(root_path, O_PATH | O_CLOEXEC);
	return root < 0 ? -errno : regular(syscall(SYS_openat2, root, path, &how, sizeof how));
}

static int open_debug(pid_t pid, const uint8_t *build_id, size_t len)
{
	char path[64 + 2 * MSG_BUILD_ID_MAX];
	size_t at;

	if (len < 2 || len > MSG_BUILD_ID_MAX)
		return -EINVAL;
	at = snprintf(path, sizeof path, "usr/lib/debug/.build-id/%02x/", build_id[0]);
	for (size_t i = 1; i < len; i++)
		at += snprintf(path + at, sizeof path - at, "%02x", build_id[i]);
	snprintf(path + at, sizeof path - at, ".debug");
	return open_in_root(pid, path, 0);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

/* Who asks has the name from a file of the target: it must not get at anything else that stands beside an executable. */
static int open_link(const struct msg *q)
{
	static const char *const forms[] = {"%1$s/%2$s", "%1$s/.debug/%2$s", "/usr/lib/debug%1$s/%2$s"}; /* enum debug_link_place */
	char link[96], file[PATH_MAX], path[2 * PATH_MAX];
	char *slash;
	ssize_t n;

	if (strchr(q->name, '/') || (!ends_with(q->name, ".debug") && !ends_with(q->name, ".dbg")) || q->place >= ARRAY_LEN(forms))
		return -EINVAL;
	snprintf(link, sizeof link, "/proc/%d/map_files/%llx-%llx", q->pid, (unsigned long long)q->start, (unsigned long long)q->end);
	n = readlink(link, file, sizeof file - 1);
	if (n < 0)
		return -errno;
	file[n] = 0;
	slash = strrchr(file, '/');
	if (file[0] != '/' || !slash)
		return -ENOENT;
	*slash = 0;
	snprintf(path, sizeof path, forms[q->place], file, q->name);
	return open_in_root(q->pid, path, 0);
}

struct who {
	unsigned uid;
	int pid;                /* as its own PID namespace counts it */
};

/* From /proc/PID/status: "Uid:" real, effective …; "NSpid:" from the outermost namespace to its own. */
static int read_who(pid_t pid, struct who *ret)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[256];

	*ret = (struct who){.uid = -1U, .pid = pid};
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f)) {
		const char *last = strrchr(line, '\t');

		sscanf(line, "Uid:\t%*u\t%u", &ret->uid);
		if (!strncmp(line, "NSpid:", 6) && last)
			ret->pid = strtol(last, NULL, 10);
	}
	return ret->uid == -1U ? -ESRCH : 0;
}

/* Anybody may write to /tmp: only what the target itself or root has put there is believed. */
static int open_perf_map(pid_t pid)
{
	struct who who;
	struct stat st;
	char path[64];
	int fd = read_who(pid, &who);

	if (fd)
		return fd;
	snprintf(path, sizeof path, "tmp/perf-%d.map", who.pid);
	fd = open_in_root(pid, path, RESOLVE_NO_SYMLINKS);
	if (fd < 0 || (!fstat(fd, &st) && (!st.st_uid || st.st_uid == who.uid)))
		return fd;
	close(fd);
	return -EACCES;
}

/* What stands in a process' memory now. Pieces of it may be gone while it is read: then there is none. */
static int copy_memory(const struct msg *q)
{
	uint8_t bytes[MSG_MEMORY_MAX];
	size_t n = q->end - q->start;
	struct iovec here = {.iov_base = bytes, .iov_len = n}, there = {.iov_base = (void *)q->start, .iov_len = n};
	ssize_t copied;

	if (q->start >= q->end || n > sizeof bytes)
		return -EINVAL;
	copied = process_vm_readv(q->pid, &here, 1, &there, 1, 0);
	if (copied < 0)
		return -errno;
	return (size_t)copied == n ? sealed_new(bytes, n, NULL, 0) : -EFAULT;
}

static int open_asked(const struct msg *q)
{
	switch (q->type) {
	case MSG_ASK_MAPS:
		return open_maps(q->pid);
	case MSG_ASK_FILE:
		return open_file(q->pid, q->start, q->end);
	case MSG_ASK_DEBUG:
		return open_debug(q->pid, q->build_id, q->build_id_len);
	case MSG_ASK_LINK:
		return open_link(q);
	case MSG_ASK_PERF_MAP:
		return open_perf_map(q->pid);
	case MSG_ASK_MEMORY:
		return copy_memory(q);
	}
	return -EPROTO;
}

static int take_texts(const struct answers *a, const struct msg *m, int fd)
{
	if (fd < 0)
		return 0;
	return a->may(a->ctx, m->pid) ? tables_set_texts(a->tables, m->pid, fd) : -EPERM;
}

static int take_python(const struct answers *a, const struct msg *m, int fd)
{
	return a->may(a->ctx, m->pid) || fd < 0 ? interpreters_set(a->interpreters, m->pid, fd, m->name) : -EPERM;
}

int answer(const struct answers *a, int sock, const struct msg *question, int fd)
{
	struct msg reply = {.type = MSG_ANSWER, .seq = question->seq, .pid = question->pid};
	_cleanup_close_ int file = -1;

	switch (question->type) {
	case MSG_ROWS:
		reply.value = fd < 0 ? -EPROTO : tables_add_rows(a->tables, question->start, fd);
		break;
	case MSG_TEXTS:
		reply.value = take_texts(a, question, fd);
		break;
	case MSG_PYTHON:
		reply.value = take_python(a, question, fd);
		break;
	case MSG_HANDLER:
		reply.value = a->may(a->ctx, question->pid) || fd < 0 ? handler_probes_set(a->handlers, question, fd) : -EPERM;
		break;
	case MSG_ASK_SOURCE:
		file = a->sources && a->may(a->ctx, question->pid) ? source_file_open(question->pid, fd, &reply.start) : -EPERM;
		reply.value = file < 0 ? file : 0;
		break;
	default:
		file = a->may(a->ctx, question->pid) ? open_asked(question) : -EPERM;
		reply.value = file < 0 ? file : 0;
	}
	return msg_send(sock, &reply, &file, file >= 0);
}
