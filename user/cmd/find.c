/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/find.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/output.h"
#include "profile/file.h"

static struct profile *read_from(int dir, const char *path, const char **ret_why)
{
	_cleanup_fclose_ FILE *f = NULL;
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		*ret_why = strerror(errno);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	return profile_read(f, ret_why);
}

struct profile *find_entry(int dir, const struct catalog_entry *entry, const char **ret_why)
{
	_cleanup_free_ char *file = xasprintf("%s" PROFILE_EXTENSION, entry->name);

	return read_from(dir, file, ret_why);
}

int find_directory(const char **ret_path)
{
	int fd = open(OUTPUT_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret_path = OUTPUT_DIRECTORY;
	if (fd < 0 && errno == ENOENT) {
		*ret_path = ".";
		fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

static const struct catalog_entry *choose(const struct catalog_entry *entries, ssize_t n, const char *id)
{
	for (ssize_t i = 0; i < n; i++) {
		struct name_parts parts;

		if (!entries[i].has_profile || !name_split(entries[i].name, strlen(entries[i].name), &parts))
			continue;
		if (!id || !strncmp(parts.id, id, 6))
			return &entries[i];
	}
	return NULL;
}

/* id NULL: the newest. */
static struct profile *find_in_directory(const char *id)
{
	_cleanup_free_ struct catalog_entry *entries = NULL;
	const struct catalog_entry *entry;
	const char *path, *why;
	struct profile *p;
	_cleanup_close_ int dir = find_directory(&path);
	ssize_t n = dir < 0 ? dir : catalog_read(dir, &entries);

	if (n < 0) {
		log_error("cannot read %s: %s", path, strerror(-n));
		return NULL;
	}
	entry = choose(entries, n, id);
	if (!entry) {
		log_error("no report %s in %s; name a FILE.rp, or see reqprof list", id ? id : "at all", path);
		return NULL;
	}
	p = find_entry(dir, entry, &why);
	if (!p)
		log_error("cannot read %s/%s" PROFILE_EXTENSION ": %s", path, entry->name, why);
	return p;
}

static bool is_id(const char *name)
{
	return strlen(name) == 6 && strspn(name, "0123456789abcdef") == 6;
}

struct profile *find_profile(const char *name)
{
	const char *why;
	struct profile *p;

	if (!strcmp(name, "last"))
		return find_in_directory(NULL);
	if (is_id(name) && access(name, F_OK))
		return find_in_directory(name);
	p = read_from(AT_FDCWD, name, &why);
	if (!p)
		log_error("cannot read %s: %s", name, why);
	return p;
}
