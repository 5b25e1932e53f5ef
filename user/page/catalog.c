/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* A directory stream of its own: `dir` keeps its position. */
static DIR *open_stream(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream && fd >= 0)
		close(fd);
	return stream;
}

/* Length of the name without the extension, if it is the file of a report; *ret_format: index in formats[], −1 = the profile. */
static size_t split_extension(const char *file, int *ret_format)
{
	size_t len = strlen(file), cut = strlen(PROFILE_EXTENSION);
	const struct format *format = format_by_extension(file);
	struct name_parts parts;

	*ret_format = -1;
	if (format) {
		cut = strlen(format->extension);
		for (*ret_format = 0; formats[*ret_format] != format; ++*ret_format)
			;
	} else if (len < cut || strcmp(file + len - cut, PROFILE_EXTENSION)) {
		return 0;
	}
	return name_split(file, len - cut, &parts) ? len - cut : 0;
}

bool catalog_is_file(const char *name)
{
	int format;

	return split_extension(name, &format) > 0;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(((const struct catalog_entry *)b)->name, ((const struct catalog_entry *)a)->name);
}

/* Sorted files of one report become one entry. */
static size_t merge(struct catalog_entry *entries, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (len && !strcmp(entries[len - 1].name, entries[i].name)) {
			entries[len - 1].has_profile |= entries[i].has_profile;
			entries[len - 1].formats |= entries[i].formats;
		} else {
			entries[len++] = entries[i];
		}
	}
	return len;
}

ssize_t catalog_read(int dir, struct catalog_entry **ret)
{
	DIR *stream = open_stream(dir);
	struct catalog_entry *entries = NULL;
	size_t n = 0, cap = 0;

	if (!stream)
		return -errno;
	for (struct dirent *d; (d = readdir(stream));) {
		int format;
		size_t len = split_extension(d->d_name, &format);

		if (!len)
			continue;
		GROW(entries, n, cap);
		entries[n] = (struct catalog_entry){.has_profile = format < 0, .formats = format < 0 ? 0 : 1U << format};
		memcpy(entries[n++].name, d->d_name, len);
	}
	closedir(stream);
	if (n)
		qsort(entries, n, sizeof *entries, newest_first);
	*ret = entries;
	return merge(entries, n);
}

void catalog_remove(int dir, const char *id, const char *keep)
{
	DIR *stream = open_stream(dir);

	if (!stream)
		return;
	for (struct dirent *d; (d = readdir(stream));) {
		struct name_parts parts;
		int format;
		size_t len = split_extension(d->d_name, &format);

		if (!len || !name_split(d->d_name, len, &parts) || strncmp(parts.id, id, 6))
			continue;
		if (!keep || strlen(keep) != len || memcmp(keep, d->d_name, len))
			unlinkat(dir, d->d_name, 0);
	}
	closedir(stream);
}
