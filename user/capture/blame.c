/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/blame.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

struct blame {
	struct blamed_file file;
	atomic_bool noted;
};

static void copy_path(char to[static BLAME_PATH_MAX], const char *from)
{
	size_t n = strnlen(from, BLAME_PATH_MAX - 1);

	memcpy(to, from, n);
	to[n] = 0;
}

struct blame *blame_new(void)
{
	struct blame *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return b == MAP_FAILED ? NULL : b;
}

void blame_free(struct blame *b)
{
	if (b)
		munmap(b, sizeof *b);
}

void blame_begin(struct blame *b, const struct file_id *file)
{
	b->file.device = file->device;
	b->file.inode = file->inode;
	b->file.size = file->size;
	copy_path(b->file.path, file->path);
	atomic_store(&b->noted, true);
}

void blame_end(struct blame *b)
{
	atomic_store(&b->noted, false);
}

bool blame_take(struct blame *b, struct blamed_file *ret)
{
	if (!atomic_exchange(&b->noted, false))
		return false;
	*ret = b->file;
	ret->path[BLAME_PATH_MAX - 1] = 0;
	return true;
}

bool blamed_is(const struct blamed_file *blamed, const struct file_id *file)
{
	char path[BLAME_PATH_MAX];

	copy_path(path, file->path);
	return blamed->device == file->device && blamed->inode == file->inode && blamed->size == file->size && !strcmp(blamed->path, path);
}
