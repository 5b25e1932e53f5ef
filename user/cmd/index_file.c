/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cmd/new_file.h"
#include "page/index.h"

#define PROFILES_AT_ONCE 4 /* of reports that no page tells of: events wait meanwhile */

void index_file_free(struct index_file *index)
{
	rows_free(&index->rows);
}

/* A page of somebody else, in a directory that was there before us, is not ours to replace. */
static bool is_foreign(int dir)
{
	_cleanup_close_ int fd = openat(dir, INDEX_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char start[sizeof INDEX_SIGNATURE - 1];

	if (fd < 0)
		return errno != ENOENT;
	return read(fd, start, sizeof start) != (ssize_t)sizeof start || memcmp(start, INDEX_SIGNATURE, sizeof start);
}

static ino_t inode(int dir)
{
	struct stat st;

	return fstatat(dir, INDEX_FILE, &st, AT_SYMLINK_NOFOLLOW) ? 0 : st.st_ino;
}

static int learn(struct index_file *index, int dir, const struct profile *p)
{
	int r = rows_refresh(&index->rows, dir, NULL, NULL);

	if (r < 0)
		return r;
	rows_note(&index->rows, p);
	if (rows_incomplete(&index->rows) && (!index->written || inode(dir) != index->written))
		rows_read_index(&index->rows, dir);
	rows_read_profiles(&index->rows, dir, PROFILES_AT_ONCE, NULL, NULL);
	return 0;
}

int index_file_write(struct index_file *index, int dir, const struct profile *p)
{
	const struct index_place place = {.served = false};
	struct new_file file;
	int r;

	if (is_foreign(dir))
		return -EEXIST;
	r = learn(index, dir, p);
	if (r < 0)
		return r;
	r = new_file_open(&file, dir, INDEX_FILE);
	if (r < 0)
		return r;
	index_print(file.out.stream, &index->rows, &place);
	r = new_file_close(&file);
	if (r < 0) {
		new_file_discard(&file);
		return r;
	}
	r = new_file_commit(&file);
	index->written = r ? 0 : inode(dir);
	return r;
}
