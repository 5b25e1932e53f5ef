/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static void release(struct new_file *f)
{
	free(f->name);
	free(f->temporary);
	*f = (struct new_file){.dir = -1};
}

static int create(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int new_file_open(struct new_file *f, int dir, const char *name)
{
	int fd;

	*f = (struct new_file){.dir = dir, .name = xstrdup(name), .temporary = xasprintf(".%s.%d.tmp", name, getpid())};
	fd = create(dir, f->temporary);
	if (fd == -EEXIST && !unlinkat(dir, f->temporary, 0)) /* of an earlier process of this id, which was killed */
		fd = create(dir, f->temporary);
	if (fd < 0) {
		release(f);
		return fd;
	}
	fd = out_open(&f->out, fd);
	if (fd < 0)
		new_file_discard(f);
	return fd;
}

int new_file_close(struct new_file *f)
{
	return out_close(&f->out);
}

int new_file_commit(struct new_file *f)
{
	int r = 0;

	if (renameat(f->dir, f->temporary, f->dir, f->name))
		r = -errno;
	if (r)
		new_file_discard(f);
	else
		release(f);
	return r;
}

void new_file_discard(struct new_file *f)
{
	out_close(&f->out);
	if (f->temporary)
		unlinkat(f->dir, f->temporary, 0);
	release(f);
}
