/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/write_to.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/new_file.h"

bool is_stdout(const char *path)
{
	return !path || !strcmp(path, "-");
}

static int print(int (*write)(const void *what, FILE *f), const void *what, int fd)
{
	struct out out;
	int r = fd < 0 ? -errno : out_open(&out, fd), closed;

	if (r < 0)
		return r;
	r = write(what, out.stream);
	closed = out_close(&out);
	return closed < 0 ? closed : r; /* it knows why better than what has written to it */
}

/* Pipes, terminals and devices are written to, not replaced. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode);
}

static int print_to_file(const char *path, int (*write)(const void *what, FILE *f), const void *what)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *parent = slash ? xstrndup(path, slash - path + 1) : xstrdup(".");
	_cleanup_close_ int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct new_file file = {0};
	int r, closed;

	r = dir < 0 ? -errno : new_file_open(&file, dir, slash ? slash + 1 : path);
	if (r < 0)
		return r;
	r = write(what, file.out.stream);
	closed = new_file_close(&file);
	if (closed < 0)
		r = closed;
	if (r < 0) {
		new_file_discard(&file);
		return r;
	}
	return new_file_commit(&file);
}

int write_to(const char *path, int (*write)(const void *what, FILE *f), const void *what)
{
	int r;

	if (is_stdout(path))
		r = print(write, what, fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
	else if (is_special(path))
		r = print(write, what, open(path, O_WRONLY | O_CLOEXEC));
	else
		r = print_to_file(path, write, what);
	return r < 0 ? log_error("cannot write %s: %s", is_stdout(path) ? "to stdout" : path, strerror(-r)) : 0;
}
