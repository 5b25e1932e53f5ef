/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/files.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct file_entry {
	struct file_entry *prev, *next;
	uint64_t device, inode;
	char *path;             /* device and inode are not enough where subvolumes number their files by themselves */
	struct symbol_file *file;
	unsigned int users;
};

static void drop(struct files *files, struct file_entry *e)
{
	DL_DELETE(files->list, e);
	files->n--;
	symbol_file_free(e->file);
	free(e->path);
	free(e);
}

static struct symbol_file *use(struct files *files, struct file_entry *e)
{
	DL_DELETE(files->list, e);
	DL_PREPEND(files->list, e);
	e->users++;
	return e->file;
}

static struct file_entry *find_same_inode(const struct files *files, const struct mapping *m)
{
	struct file_entry *e;

	DL_FOREACH(files->list, e)
		if (e->inode == m->inode && e->device == m->device && !strcmp(e->path, m->path) &&
		    !elf_file_changed(symbol_file_elf(e->file)))
			return e;
	return NULL;
}

/* Containers have copies of one file: the same build-id and size, another inode. */
static struct file_entry *find_same_build(const struct files *files, const struct elf_file *elf)
{
	struct file_entry *e;

	if (!elf->build_id_len)
		return NULL;
	DL_FOREACH(files->list, e) {
		const struct elf_file *other = symbol_file_elf(e->file);

		if (other->build_id_len == elf->build_id_len && !memcmp(other->build_id, elf->build_id, elf->build_id_len) &&
		    other->mapped.size == elf->mapped.size && !elf_file_changed(other))
			return e;
	}
	return NULL;
}

static bool make_room(struct files *files)
{
	struct file_entry *e, *oldest = NULL;

	if (files->n < SYMBOL_FILES_MAX)
		return true;
	DL_FOREACH(files->list, e)
		if (!e->users)
			oldest = e;
	if (oldest)
		drop(files, oldest);
	return oldest;
}

static struct symbol_file *add(struct files *files, const struct mapping *m, struct elf_file *elf)
{
	struct file_entry *e;

	if (!make_room(files)) {
		elf_file_close(elf);
		return NULL;
	}
	e = xcalloc(1, sizeof *e);
	e->device = m->device;
	e->inode = m->inode;
	e->path = xstrdup(m->path);
	e->file = symbol_file_new(elf);
	DL_PREPEND(files->list, e);
	files->n++;
	return use(files, e);
}

struct symbol_file *files_take(struct files *files, const struct asked *asked, const struct mapping *m)
{
	struct file_entry *e = find_same_inode(files, m);
	_cleanup_close_ int fd = -1;
	struct elf_file *elf;

	if (e)
		return use(files, e);
	fd = asked->source->open_file(asked->source->ctx, asked->pid, m->start, m->end);
	elf = fd < 0 ? NULL : elf_file_open(fd);
	if (!elf)
		return NULL;
	e = find_same_build(files, elf);
	if (!e)
		return add(files, m, elf);
	elf_file_close(elf);
	return use(files, e);
}

void files_give_back(struct files *files, struct symbol_file *file)
{
	struct file_entry *e;

	DL_FOREACH(files->list, e)
		if (e->file == file)
			e->users--;
}

void files_clear(struct files *files)
{
	struct file_entry *e, *next;

	DL_FOREACH_SAFE(files->list, e, next)
		drop(files, e);
}
