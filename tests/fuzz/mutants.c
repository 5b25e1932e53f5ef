/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "mutants.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define CUTS 100
#define CHANGES 4

static void add_bytes(struct mutants *m, uint64_t begin, uint64_t size, size_t stride)
{
	for (uint64_t at = begin; at < m->size && at - begin < size; at += stride) {
		GROW(m->places, m->n_places, m->cap_places);
		m->places[m->n_places++] = at;
	}
}

/* Sections whose content is structure: all but code and data. Large ones are sampled. */
static void add_section(struct mutants *m, const Elf64_Shdr *s)
{
	if (s->sh_type == SHT_NOBITS || s->sh_type == SHT_NULL || s->sh_flags & (SHF_EXECINSTR | SHF_WRITE) || s->sh_offset >= m->size)
		return;
	add_bytes(m, s->sh_offset, s->sh_size, s->sh_size / 400 + 1);
}

static bool add_elf(struct mutants *m)
{
	Elf64_Shdr section;
	Elf64_Ehdr h;

	if (m->size < sizeof h)
		return false;
	memcpy(&h, m->data, sizeof h);
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) || h.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	add_bytes(m, 0, sizeof h, 1);
	add_bytes(m, h.e_phoff, (uint64_t)h.e_phnum * sizeof(Elf64_Phdr), 1);
	add_bytes(m, h.e_shoff, (uint64_t)h.e_shnum * sizeof section, 1);
	for (size_t i = 0; i < h.e_shnum && h.e_shoff <= m->size - sizeof section; i++) {
		uint64_t at = h.e_shoff + i * sizeof section;

		if (at > m->size - sizeof section)
			break;
		memcpy(&section, m->data + at, sizeof section);
		add_section(m, &section);
	}
	return true;
}

/* Fewer, evenly spread. */
static void thin_out(struct mutants *m, size_t max)
{
	size_t stride = (m->n_places + max - 1) / max, n = 0;

	if (stride > 1)
		for (size_t i = 0; i < m->n_places; i += stride)
			m->places[n++] = m->places[i];
	m->n_places = stride > 1 ? n : m->n_places;
}

void mutants_of(struct mutants *m, const uint8_t *data, size_t size, size_t max)
{
	*m = (struct mutants){.data = data, .size = size, .cuts = size < CUTS ? size : CUTS};
	if (!add_elf(m))
		add_bytes(m, 0, size, 1);
	thin_out(m, max > m->cuts + CHANGES ? (max - m->cuts) / CHANGES : 1);
	m->n = 1 + m->cuts + m->n_places * CHANGES;
}

void mutants_free(struct mutants *m)
{
	free(m->places);
	*m = (struct mutants){0};
}

static uint8_t changed(uint8_t byte, size_t how)
{
	switch (how) {
	case 0:
		return byte ^ 0xff;
	case 1:
		return byte ? 0 : 0x7f;
	case 2:
		return byte + 1;
	default:
		return byte ^ 0x80;
	}
}

uint8_t *mutant(const struct mutants *m, size_t i, size_t *ret_size)
{
	size_t size = i && i <= m->cuts ? m->size * (i - 1) / m->cuts : m->size;
	uint8_t *copy = xcalloc(1, size ? size : 1);

	memcpy(copy, m->data, size);
	if (i > m->cuts) {
		uint32_t at = m->places[(i - m->cuts - 1) / CHANGES];

		copy[at] = changed(copy[at], (i - m->cuts - 1) % CHANGES);
	}
	*ret_size = size;
	return copy;
}
