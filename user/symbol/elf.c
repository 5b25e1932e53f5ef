/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/elf.h"

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define PAGE 4096ULL
#define SEGMENTS_MAX 1024

/* Without the section headers, which some linkers put there: libelf changes its copy of them when it unpacks a section. */
static uint64_t hash_head(const struct elf_file *f)
{
	size_t n = f->mapped.size < PAGE ? f->mapped.size : PAGE, sections = n, sections_end = n;
	uint64_t hash = 0xcbf29ce484222325, word; /* FNV-1a, of words */
	Elf64_Ehdr header;

	if (n >= sizeof header) {
		memcpy(&header, f->mapped.data, sizeof header);
		if (header.e_shoff < n) {
			sections = header.e_shoff;
			sections_end = sections + header.e_shnum * sizeof(Elf64_Shdr);
		}
	}
	for (size_t i = 0; i + sizeof word <= n; i += sizeof word) {
		if (i + sizeof word > sections && i < sections_end)
			continue;
		memcpy(&word, f->mapped.data + i, sizeof word);
		hash = (hash ^ word) * 0x100000001b3;
	}
	return hash;
}

static void add_segment(struct elf_file *f, const GElf_Phdr *p)
{
	if (p->p_type != PT_LOAD || p->p_offset + p->p_filesz < p->p_offset || p->p_vaddr + p->p_memsz < p->p_vaddr)
		return;
	f->segments[f->n_segments++] = (struct segment){
		.offset = p->p_offset, .file_size = p->p_filesz, .address = p->p_vaddr, .memory_size = p->p_memsz,
		.executable = p->p_flags & PF_X,
	};
}

static void read_segments(struct elf_file *f)
{
	GElf_Phdr p;
	size_t n = 0;

	if (elf_getphdrnum(f->elf, &n))
		return;
	n = n > SEGMENTS_MAX ? SEGMENTS_MAX : n;
	f->segments = xcalloc(n, sizeof *f->segments);
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(f->elf, i, &p))
			add_segment(f, &p);
}

static void read_build_id(struct elf_file *f)
{
	const void *id;
	ssize_t n = dwelf_elf_gnu_build_id(f->elf, &id);

	if (n < 2 || n > BUILD_ID_MAX)
		return;
	memcpy(f->build_id, id, n);
	f->build_id_len = n;
}

static bool is_program(Elf *elf)
{
	GElf_Ehdr header;

	return elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header) && (header.e_type == ET_EXEC || header.e_type == ET_DYN);
}

static struct elf_file *open_image(struct elf_file *f, char *image, size_t size)
{
	elf_version(EV_CURRENT);
	f->elf = elf_memory(image, size);
	if (!is_program(f->elf)) {
		elf_file_close(f);
		return NULL;
	}
	read_segments(f);
	read_build_id(f);
	return f;
}

struct elf_file *elf_file_open(int fd)
{
	struct elf_file *f = xcalloc(1, sizeof *f);

	if (mapped_open(&f->mapped, fd)) {
		free(f);
		return NULL;
	}
	f->head_hash = hash_head(f);
	return open_image(f, f->mapped.data, f->mapped.size);
}

struct elf_file *elf_file_from_memory(const void *image, size_t size)
{
	return open_image(xcalloc(1, sizeof(struct elf_file)), (char *)image, size);
}

void elf_file_close(struct elf_file *f)
{
	if (!f)
		return;
	elf_end(f->elf);
	mapped_close(&f->mapped);
	free(f->segments);
	free(f);
}

bool elf_file_changed(const struct elf_file *f)
{
	return f->mapped.data && hash_head(f) != f->head_hash;
}

/* Mappings are of whole pages: what lies beside a segment in its first and last page is mapped with it. */
static bool holds(const struct segment *s, uint64_t offset, bool whole_pages)
{
	uint64_t begin = s->offset, end = s->offset + s->file_size;

	if (whole_pages) {
		begin &= ~(PAGE - 1);
		end = end > UINT64_MAX - PAGE ? end : (end + PAGE - 1) & ~(PAGE - 1);
	}
	return s->file_size && offset >= begin && offset < end;
}

const struct segment *elf_file_segment(const struct elf_file *f, uint64_t offset, bool executable)
{
	for (int whole_pages = 0; whole_pages < 2; whole_pages++)
		for (size_t i = 0; i < f->n_segments; i++)
			if (f->segments[i].executable == executable && holds(&f->segments[i], offset, whole_pages))
				return &f->segments[i];
	return NULL;
}

const uint8_t *elf_file_bytes(const struct elf_file *f, uint64_t offset, size_t len)
{
	if (!f->mapped.data || offset > f->mapped.size || len > f->mapped.size - offset)
		return NULL;
	return (const uint8_t *)f->mapped.data + offset;
}
