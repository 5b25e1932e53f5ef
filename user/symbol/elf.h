/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An ELF file, mapped: its segments, its build-id, its bytes. Nothing in it is trusted; what is inconsistent is as if it were not there. */
#ifndef REQPROF_ELF_H
#define REQPROF_ELF_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/mapped.h"

#define BUILD_ID_MAX 64

/* A PT_LOAD segment. */
struct segment {
	uint64_t offset, file_size;
	uint64_t address, memory_size;
	bool executable;
};

struct elf_file {
	Elf *elf;
	struct mapped mapped;
	struct segment *segments;
	size_t n_segments;
	uint8_t build_id[BUILD_ID_MAX];
	size_t build_id_len;    /* 0 = none */
	uint64_t head_hash;     /* of its first page as it was when opened */
};

/* An executable or shared object, or its separate debug file. NULL: it is not one. fd may be closed after. */
struct elf_file *elf_file_open(int fd);

/* The same from memory that outlives it. */
struct elf_file *elf_file_from_memory(const void *image, size_t size);
void elf_file_close(struct elf_file *f); /* NULL is fine */

/* Was the file overwritten since? (One that is replaced by another of its name is not.) */
bool elf_file_changed(const struct elf_file *f);

/* The segment that has the byte at this offset in the file, pages at its ends included; one that is executable where that is asked for.
 * NULL = none. */
const struct segment *elf_file_segment(const struct elf_file *f, uint64_t offset, bool executable);

/* The file's bytes at an offset, NULL if it has no `len` bytes there. */
const uint8_t *elf_file_bytes(const struct elf_file *f, uint64_t offset, size_t len);

#endif
