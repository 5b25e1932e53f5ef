/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * .eh_frame_hdr has a table of the functions by address, each with its entry in .eh_frame (Linux Standard Base §10.6.2). Linkers write one form of
 * it; another is as if there were none.
 */
#include "symbol/function_start.h"

#include <dwarf.h>
#include <gelf.h>
#include <string.h>

#define ENCODING_OF_FRAME (DW_EH_PE_pcrel | DW_EH_PE_sdata4)
#define ENCODING_OF_TABLE (DW_EH_PE_datarel | DW_EH_PE_sdata4)

/* Before the table: version, three encodings, where .eh_frame is, the number of rows. */
struct header {
	uint8_t version, frame, count, table;
	int32_t frames;
	uint32_t n;
};

/* From the header's address on. */
struct row {
	int32_t function, entry;
};

/* The begin of an entry in .eh_frame. */
struct entry {
	uint32_t length, cie;
	int32_t begin;          /* from its own address on */
	uint32_t size;
};

static bool read_at(const struct elf_file *elf, uint64_t address, void *ret, size_t len)
{
	for (size_t i = 0; i < elf->n_segments; i++) {
		const struct segment *s = &elf->segments[i];
		uint64_t at = address - s->address;
		const uint8_t *bytes;

		if (address < s->address || at >= s->file_size || s->file_size - at < len)
			continue;
		bytes = elf_file_bytes(elf, s->offset + at, len);
		if (bytes)
			memcpy(ret, bytes, len);
		return bytes;
	}
	return false;
}

static bool find_header(const struct elf_file *elf, uint64_t *ret_address, struct header *ret)
{
	GElf_Phdr p;
	size_t n;

	if (elf_getphdrnum(elf->elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(elf->elf, i, &p) || p.p_type != PT_GNU_EH_FRAME)
			continue;
		*ret_address = p.p_vaddr;
		return read_at(elf, p.p_vaddr, ret, sizeof *ret) && ret->version == 1 && ret->frame == ENCODING_OF_FRAME &&
		       ret->count == DW_EH_PE_udata4 && ret->table == ENCODING_OF_TABLE;
	}
	return false;
}

/* The last row whose function does not begin after the address. */
static bool find_row(const struct elf_file *elf, uint64_t header, uint32_t n, uint64_t address, struct row *ret)
{
	uint64_t rows = header + sizeof(struct header);
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (!read_at(elf, rows + (uint64_t)middle * sizeof *ret, ret, sizeof *ret))
			return false;
		if (header + (uint64_t)ret->function <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && read_at(elf, rows + (uint64_t)(low - 1) * sizeof *ret, ret, sizeof *ret);
}

uint64_t function_start(const struct elf_file *elf, uint64_t address)
{
	uint64_t header_at, entry_at, start;
	struct header header;
	struct entry entry;
	struct row row;

	if (!find_header(elf, &header_at, &header) || !find_row(elf, header_at, header.n, address, &row))
		return address;
	start = header_at + (uint64_t)row.function;
	entry_at = header_at + (uint64_t)row.entry;
	if (!read_at(elf, entry_at, &entry, sizeof entry) || entry_at + offsetof(struct entry, begin) + (uint64_t)entry.begin != start)
		return address;
	return address - start < entry.size ? start : address;
}
