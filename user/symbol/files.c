/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <utlist.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct file_entry {
	struct file_entry *prev, *next;
	struct file_id id;      /* device and inode alone are not enough where subvolumes number their files by themselves */
	struct symbol_file *file;
	unsigned int users;
};

static void drop(struct files *files, struct file_entry *e)
{
	DL_DELETE(files->list, e);
	files->n--;
	symbol_file_free(e->file);
	free((char *)e->id.path);
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
		if (e->id.inode == m->inode && e->id.device == m->device && !strcmp(e->id.path, m->path) &&
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

static struct symbol_file *add(struct files *files, const struct file_id *id, struct elf_file *elf)
{
	struct file_entry *e;

	if (!make_room(files)) {
		elf_file_close(elf);
		return NULL;
	}
	e = xcalloc(1, sizeof *e);
	e->id = *id;
	e->id.path = xstrdup(id->path);
	e->file = symbol_file_new(elf, &e->id);
	DL_PREPEND(files->list, e);
	files->n++;
	return use(files, e);
}

static struct symbol_file *open_and_take(struct files *files, const struct file_id *id, int fd)
{
	struct elf_file *elf = elf_file_open(fd);
	struct file_entry *e = elf ? find_same_build(files, elf) : NULL;

	if (!elf || !e)
		return elf ? add(files, id, elf) : NULL;
	elf_file_close(elf);
	return use(files, e);
}

struct symbol_file *files_take(struct files *files, const struct asked *asked, const struct mapping *m)
{
	struct file_id id = {.device = m->device, .inode = m->inode, .path = m->path};
	struct file_entry *e = find_same_inode(files, m);
	_cleanup_close_ int fd = -1;
	struct symbol_file *file;
	struct stat st;

	if (e)
		return use(files, e);
	fd = asked->source->open_file(asked->source->ctx, asked->pid, m->start, m->end);
	if (fd < 0 || fstat(fd, &st))
		return NULL;
	id.size = st.st_size;
	if (!asked_begin(asked, &id))
		return NULL;
	file = open_and_take(files, &id, fd);
	asked_end(asked);
	return file;
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
