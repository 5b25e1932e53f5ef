/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names from an ELF file, which is its own debug file, its own supplementary file and the like: whatever it asks for, it gets itself.
 *
 * links: symbol/symbol_file.c symbol/asked.c symbol/symbols.c symbol/lines.c symbol/ranges.c symbol/elf.c symbol/mapped.c
 */
/* links: symbol/function_start.c symbol/debug_file.c symbol/debuginfod.c symbol/demangle.c symbol/string_set.c base/alloc.c */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "symbol/lines.h"
#include "symbol/symbol_file.h"

#define SEGMENTS_ASKED 4
#define ADDRESSES_ASKED 48      /* of each */

struct input {
	const uint8_t *data;
	size_t size;
};

static int no_maps(void *ctx, int pid)
{
	(void)ctx, (void)pid;
	return -ENOENT;
}

static int no_file(void *ctx, int pid, uint64_t start, uint64_t end)
{
	(void)ctx, (void)pid, (void)start, (void)end;
	return -ENOENT;
}

static int itself(void *ctx, int pid, const uint8_t *build_id, size_t len)
{
	const struct input *input = ctx;

	(void)pid, (void)build_id, (void)len;
	return fuzz_file(input->data, input->size);
}

static void check(const struct places *places)
{
	size_t bytes = 0;

	MUST(places->n >= 1 && places->n <= INLINED_MAX);
	for (size_t i = 0; i < places->n; i++) {
		const struct place *p = &places->list[i];

		MUST(!p->function || (*p->function && strlen(p->function) <= 1024));
		bytes += p->file ? strlen(p->file) : 0; /* all of it can be read */
		MUST(p->inlined == (i + 1 < places->n));
	}
	MUST(bytes < SIZE_MAX / 2);
}

static void ask(struct symbol_file *f, const struct asked *asked, uint64_t address)
{
	struct places places = symbol_file_find(f, asked, address);

	check(&places);
	free(symbol_file_data_name(f, asked, address));
}

static void ask_segment(struct symbol_file *f, const struct asked *asked, const struct segment *s)
{
	uint64_t stride = s->memory_size / ADDRESSES_ASKED;

	for (uint64_t i = 0; i < ADDRESSES_ASKED && i < s->memory_size; i++)
		ask(f, asked, s->address + i * (stride ? stride : 1));
	ask(f, asked, s->address + s->memory_size - 1);
}

static void ask_all(struct symbol_file *f, const struct asked *asked)
{
	const struct elf_file *elf = symbol_file_elf(f);

	for (size_t i = 0; i < elf->n_segments && i < SEGMENTS_ASKED; i++)
		ask_segment(f, asked, &elf->segments[i]);
	ask(f, asked, 0);
	ask(f, asked, UINT64_MAX);
}

/* Where no file can be had: the lines are those of the file itself. */
static void lines_alone(Elf *elf)
{
	struct source_place places[INLINED_MAX];
	struct lines *lines = lines_open(elf, NULL);

	for (uint64_t address = 0; lines && address < 0x400; address += 0x10)
		MUST(lines_find(lines, address, places) <= INLINED_MAX);
	lines_close(lines);
}

static struct elf_file *open_copy(const void *copy, size_t size)
{
	struct elf_file *elf = elf_file_from_memory(copy, size);

	for (size_t i = 0; elf && i < elf->n_segments; i++)
		MUST(elf->segments[i].address + elf->segments[i].memory_size >= elf->segments[i].address);
	return elf;
}

/* A copy that libelf may write to, before a page that cannot be touched: what elfutils, which is not instrumented, reads behind it is seen. */
struct guarded {
	char *pages;
	size_t size;            /* with the guard */
	void *copy;
};

static struct guarded guard(const struct input *input)
{
	size_t page = sysconf(_SC_PAGESIZE), size = (input->size + page - 1) & ~(page - 1);
	struct guarded g = {.size = size + page};

	g.pages = mmap(NULL, g.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(g.pages != MAP_FAILED && !mprotect(g.pages + size, page, PROT_NONE));
	g.copy = g.pages + size - ((input->size + 7) & ~7ULL); /* aligned as in a file */
	memcpy(g.copy, input->data, input->size);
	return g;
}

static void as_memory(const struct input *input)
{
	struct guarded g = guard(input);
	struct elf_file *elf = open_copy(g.copy, input->size);

	if (elf) {
		struct symbol_file *f = symbol_file_new(elf, NULL);

		lines_alone(elf->elf);
		ask_all(f, NULL);
		symbol_file_free(f);
	}
	munmap(g.pages, g.size);
}

static void as_file(struct input *input)
{
	const struct symbol_source source = {.ctx = input, .open_maps = no_maps, .open_file = no_file, .open_debug = itself};
	const struct asked asked = {.source = &source, .pid = 1};
	int fd = fuzz_file(input->data, input->size);
	struct elf_file *elf = elf_file_open(fd);

	close(fd);
	if (elf) {
		struct symbol_file *f = symbol_file_new(elf, NULL);

		ask_all(f, &asked);
		symbol_file_free(f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	if (!size)
		return 0;
	as_memory(&input);
	as_file(&input);
	return 0;
}
