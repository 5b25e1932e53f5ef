/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Separate debug files, by build-id: the target's own first, then those of this machine. */
#ifndef REQPROF_DEBUG_FILE_H
#define REQPROF_DEBUG_FILE_H

#include <elfutils/libdw.h>

#include "symbol/asked.h"
#include "symbol/elf.h"

/* The debug file with this build-id, NULL = none, or another build-id in it. */
struct elf_file *debug_file_open(const struct asked *asked, const uint8_t *build_id, size_t len);

/* The supplementary file (dwz) that the DWARF of `elf` refers to; *ret is NULL if none is needed. False: it cannot be had, so this DWARF is
 * of no use and must not be read (libdw would look for that file by itself, at any path that the target chose). */
bool debug_file_open_alt(const struct asked *asked, Elf *elf, struct elf_file **ret);

#endif
