/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

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

/* The target may be a container whose links point anywhere: they are resolved inside its root. */
static int open_debug(pid_t pid, const uint8_t *build_id, size_t len)
{
	char path[64 + 2 * MSG_BUILD_ID_MAX];
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	_cleanup_close_ int root = -1;
	char root_path[64];
	size_t at = 0;

	if (len < 2 || len > MSG_BUILD_ID_MAX)
		return -EINVAL;
	at = snprintf(path, sizeof path, "usr/lib/debug/.build-id/%02x/", build_id[0]);
	for (size_t i = 1; i < len; i++)
		at += snprintf(path + at, sizeof path - at, "%02x", build_id[i]);
	snprintf(path + at, sizeof path - at, ".debug");
	snprintf(root_path, sizeof root_path, "/proc/%d/root", pid);
	root = open(root_path, O_PATH | O_CLOEXEC);
	if (root < 0)
		return -errno;
	return regular(syscall(SYS_openat2, root, path, &how, sizeof how));
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
	}
	return -EPROTO;
}

static int take_texts(const struct answers *a, const struct msg *m, int fd)
{
	if (fd < 0)
		return 0;
	return a->may(a->ctx, m->pid) ? tables_set_texts(a->tables, m->pid, fd) : -EPERM;
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
	default:
		file = a->may(a->ctx, question->pid) ? open_asked(question) : -EPERM;
		reply.value = file < 0 ? file : 0;
	}
	return msg_send(sock, &reply, &file, file >= 0);
}
