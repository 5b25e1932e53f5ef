/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/index_file.h"
#include "cmd/new_file.h"
#include "page/names.h"
#include "profile/file.h"

#define FORMATS_MAX 16

struct output {
	int dir;
	char *path;             /* of the directory, as given */
	char *absolute;
	char *stem;             /* one file: its name without extension; NULL = a directory of reports */
	const struct format *formats[FORMATS_MAX];
	size_t n_formats;
	bool has_index;         /* an index.html is kept */
	struct index_file index;
};

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static int make_gitignore(int dir)
{
	struct new_file file;
	int r = new_file_open(&file, dir, ".gitignore");

	if (r < 0)
		return r;
	fputs("*\n", file.out.stream);
	r = new_file_close(&file);
	return r < 0 ? new_file_discard(&file), r : new_file_commit(&file);
}

static int open_directory(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);

	return fd < 0 ? -errno : fd;
}

/* *ret_made: it was not there. */
static int open_or_make(const char *path, bool make, bool *ret_made)
{
	int fd = open_directory(path, 0);

	*ret_made = false;
	if (fd != -ENOENT || !make)
		return fd;
	if (mkdir(path, 0700))
		return -errno;
	*ret_made = true;
	return open_directory(path, O_NOFOLLOW);
}

/* Asked by who is what the worker will be: root without capabilities may not write everywhere. */
static int check_writable(int dir, const struct owner *owner)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int r = owner_become(owner, false);

		if (!r && faccessat(dir, ".", W_OK | X_OK, AT_EACCESS))
			r = -errno;
		_exit(-r);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

/* As the owner: root must not make or open for others what they could not themselves. */
static int open_for_owner(const char *path, bool make, const struct owner *owner)
{
	_cleanup_close_ int fd = -1;
	bool made;
	int r = owner_assume(owner);

	if (r < 0)
		return r;
	fd = open_or_make(path, make, &made);
	if (fd >= 0)
		r = made ? make_gitignore(fd) : 0;
	if (owner_resign(owner) < 0)
		return -EPERM;
	if (fd >= 0 && !r)
		r = check_writable(fd, owner);
	return fd < 0 ? fd : r < 0 ? r : TAKE_FD(fd);
}

/* The directory part and the name part of a path. */
static void split_path(const char *path, char **ret_dir, const char **ret_name)
{
	const char *slash = strrchr(path, '/');

	*ret_dir = !slash ? xstrdup(".") : slash == path ? xstrdup("/") : xstrndup(path, slash - path);
	*ret_name = slash ? slash + 1 : path;
}

static int cannot_use(const struct output_options *options, const char *path, int error, const struct owner *owner)
{
	if (error == ENOTDIR || error == EEXIST)
		log_error("cannot write reports into %s: it is not a directory; name another with -o DIR", path);
	else if (error == EACCES || error == EPERM || error == EROFS)
		log_error("cannot write reports into %s: %s for %s%s; name another directory with -o DIR", path, strerror(error),
			  owner->name, owner->uid ? "" : ", as the worker has no privileges");
	else
		log_error("cannot write reports into %s: %s%s", path, strerror(error),
			  options->path ? "" : "; name another directory with -o DIR");
	return -error;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* -o FILE.html */
static int open_single(struct output *o, const struct output_options *options, const struct format *format, const struct owner *owner)
{
	const char *name;

	split_path(options->path, &o->path, &name);
	o->stem = xstrndup(name, strlen(name) - strlen(format->extension));
	o->formats[0] = format;
	o->n_formats = 1;
	o->dir = open_for_owner(o->path, false, owner);
	return o->dir < 0 ? cannot_use(options, o->path, -o->dir, owner) : 0;
}

static int open_many(struct output *o, const struct output_options *options, const struct owner *owner)
{
	const char *path = options->path ? options->path : OUTPUT_DIRECTORY;
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	o->path = xstrndup(path, len);
	o->has_index = true;
	o->n_formats = options->n_formats;
	memcpy(o->formats, options->formats, options->n_formats * sizeof *o->formats);
	o->dir = open_for_owner(o->path, true, owner);
	return o->dir < 0 ? cannot_use(options, o->path, -o->dir, owner) : 0;
}

static char *absolute_path(int dir)
{
	_cleanup_free_ char *link = xasprintf("/proc/self/fd/%d", dir);
	char path[PATH_MAX];
	ssize_t n = readlink(link, path, sizeof path);

	return n < 0 || n == sizeof path ? NULL : xstrndup(path, n);
}

int output_open(const struct output_options *options, const struct owner *owner, struct output **ret)
{
	const struct format *format = options->path ? format_by_extension(options->path) : NULL;
	struct output *o = xcalloc(1, sizeof *o);
	bool single = options->single && format && !is_directory(options->path);
	int r;

	o->dir = -1;
	r = single ? open_single(o, options, format, owner) : open_many(o, options, owner);
	if (r < 0) {
		output_close(o);
		return r;
	}
	o->absolute = absolute_path(o->dir);
	*ret = o;
	return 0;
}

void output_close(struct output *o)
{
	if (!o)
		return;
	if (o->dir >= 0)
		close(o->dir);
	index_file_free(&o->index);
	free(o->path);
	free(o->absolute);
	free(o->stem);
	free(o);
}

int output_fd(const struct output *o)
{
	return o->dir;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* The files of one report, [0] the profile: written all, then renamed all. */
struct files {
	struct new_file files[FORMATS_MAX + 1];
	char *names[FORMATS_MAX + 1];
	size_t n;
};

static int write_file(struct files *files, int dir, char *name, const struct profile *p, const struct format *format)
{
	struct new_file *file = &files->files[files->n];
	int r, closed;

	files->names[files->n] = name;
	r = new_file_open(file, dir, name);
	files->n++;
	if (r < 0)
		return r;
	r = format ? format->write(p, file->out.stream) : profile_write(p, file->out.stream);
	closed = new_file_close(file);
	return closed < 0 ? closed : r; /* it knows why better than what has written to it */
}

static int write_all(struct output *o, struct files *files, const struct profile *p, const char *base)
{
	int r = write_file(files, o->dir, xasprintf("%s" PROFILE_EXTENSION, base), p, NULL);

	for (size_t i = 0; i < o->n_formats && !r; i++)
		r = write_file(files, o->dir, xasprintf("%s%s", base, o->formats[i]->extension), p, o->formats[i]);
	return r;
}

static int commit_all(struct files *files, int dir)
{
	for (size_t i = 0; i < files->n; i++) {
		int r = new_file_commit(&files->files[i]);

		if (r < 0) {
			while (i)
				unlinkat(dir, files->names[--i], 0);
			return r;
		}
	}
	return 0;
}

/* What was not committed is removed. */
static void files_free(struct files *files)
{
	while (files->n) {
		new_file_discard(&files->files[--files->n]);
		free(files->names[files->n]);
	}
}

static char *path_in(const struct output *o, const char *name)
{
	if (!strcmp(o->path, ".") && o->stem)
		return xstrdup(name);
	return xasprintf("%s%s%s", o->path, strcmp(o->path, "/") ? "/" : "", name);
}

static char *failure(const struct output *o, const char *name, int error)
{
	_cleanup_free_ char *path = path_in(o, name);

	return xasprintf("cannot write %s: %s; no file of this report was kept%s", path, strerror(error),
			 error == ENOSPC || error == EDQUOT ? ": free some space, or name another directory with -o DIR" : "");
}

static void update_index(struct output *o, const struct profile *p)
{
	int r = index_file_write(&o->index, o->dir, p);

	if (!r)
		return;
	if (r == -EEXIST)
		log_warn("%s/" INDEX_FILE " was not made by reqprof and is left alone", o->path);
	else
		log_warn("cannot write %s/" INDEX_FILE ": %s", o->path, strerror(-r));
	o->has_index = false;
}

int output_write(void *ctx, const struct profile *p, const char *replaces, char **ret_path)
{
	struct output *o = ctx;
	struct files files = {0};
	char base[NAME_SIZE];
	int r;

	if (!o->stem)
		name_of_report(p, base);
	r = write_all(o, &files, p, o->stem ? o->stem : base);
	if (!r)
		r = commit_all(&files, o->dir);
	*ret_path = r ? failure(o, files.names[files.n - 1], -r) : path_in(o, files.names[1]);
	files_free(&files);
	if (r || o->stem)
		return r;
	if (replaces)
		catalog_remove(o->dir, replaces, base);
	if (o->has_index)
		update_index(o, p);
	return 0;
}

char *output_absolute(const struct output *o, const char *path)
{
	const char *slash = strrchr(path, '/');

	return o->absolute ? xasprintf("%s/%s", o->absolute, slash ? slash + 1 : path) : xstrdup(path);
}
