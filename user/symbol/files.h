/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ELF files in use, each once however many processes map it. Those that no process uses stay until there are SYMBOL_FILES_MAX, then the
 * least recently used one goes. A file is kept mapped, so its inode number is not given to another one meanwhile.
 */
#ifndef REQPROF_FILES_H
#define REQPROF_FILES_H

#include "symbol/debug_file.h"
#include "symbol/maps.h"
#include "symbol/symbol_file.h"

struct file_entry;

struct files {
	struct file_entry *list; /* most recently taken first */
	size_t n;
};

/* The file that a mapping of asked->pid shows, asked for if it is not there yet. The caller gives it back. NULL: it is no ELF file, it
 * cannot be had or must be left alone, or SYMBOL_FILES_MAX others are in use. */
struct symbol_file *files_take(struct files *files, const struct asked *asked, const struct mapping *m);
void files_give_back(struct files *files, struct symbol_file *file); /* NULL is fine */
void files_clear(struct files *files);

#endif
