/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What belongs to an ELF file and is stored elsewhere: its debug file, the supplementary file of that, the symbols packed into it. */
#ifndef REQPROF_DEBUG_FILE_H
#define REQPROF_DEBUG_FILE_H

#include <elfutils/libdw.h>

#include "symbol/asked.h"
#include "symbol/elf.h"

/* The debug file of `elf`, whose path in the target is `path` (NULL = unknown): by build-id or by the name in .gnu_debuglink, in the target's root
 * directory, then on this machine, then (where DEBUGINFOD_URLS says so) from a debuginfod server. NULL = none, or none that is its own. */
struct elf_file *debug_file_open(const struct asked *asked, const struct elf_file *elf, const char *path);

/* The supplementary file (dwz) that the DWARF of `elf` refers to; *ret is NULL if none is needed. False: it cannot be had, so this DWARF is
 * of no use and must not be read (libdw would look for that file by itself, at any path that the target chose). */
bool debug_file_open_alt(const struct asked *asked, Elf *elf, struct elf_file **ret);

/* The ELF file in .gnu_debugdata (xz): the symbols that .dynsym lacks. NULL = there is none, or it is larger than 64 MB. It is the caller's, and
 * so is its memory, *ret_image, to be freed after it. */
struct elf_file *debug_file_unpack(const struct elf_file *elf, void **ret_image);

#endif
