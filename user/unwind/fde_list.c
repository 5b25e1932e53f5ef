/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/fde_list.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "unwind/cfa_program.h"

#define FDES_MAX 2000000

/* Bytes of a section, and where they are in memory. */
struct section {
	Elf_Data *data;
	uint64_t address;
};

struct reader {
	const struct elf_file *elf;
	struct section section;
	enum fde_source source;
	uint64_t cie;           /* offset of the CIE that was looked at last */
	uint8_t encoding;       /* of its FDEs' pointers */
	unsigned int states;    /* saved by its instructions */
	bool augmented;         /* its FDEs have a length of augmentation data */
	bool cie_known;
	bool unbounded;         /* some entry cannot be read, or asks for more than any real one does: all of the section is left out */
};

/* ---- pointers: Linux Standard Base §10.5.1 ----------------------------------------------------------------------- */

struct bytes {
	const uint8_t *at, *end;
};

static bool take(struct bytes *b, void *ret, size_t n)
{
	if ((size_t)(b->end - b->at) < n)
		return false;
	memcpy(ret, b->at, n);
	b->at += n;
	return true;
}

static bool take_number(struct bytes *b, uint8_t encoding, uint64_t *ret)
{
	int16_t s16 = 0;
	int32_t s32 = 0;
	bool ok;

	*ret = 0;
	switch (encoding & 0x0f) {
	case DW_EH_PE_udata2:
		return take(b, ret, 2);
	case DW_EH_PE_udata4:
		return take(b, ret, 4);
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return take(b, ret, 8);
	case DW_EH_PE_sdata2:
		ok = take(b, &s16, 2);
		*ret = (int64_t)s16;
		return ok;
	case DW_EH_PE_sdata4:
		ok = take(b, &s32, 4);
		*ret = (int64_t)s32;
		return ok;
	}
	return false;
}

static bool take_pointer(struct bytes *b, uint8_t encoding, uint64_t address, uint64_t data_base, uint64_t *ret)
{
	if (encoding & DW_EH_PE_indirect || !take_number(b, encoding, ret))
		return false;
	switch (encoding & 0x70) {
	case DW_EH_PE_absptr:
		return true;
	case DW_EH_PE_pcrel:
		*ret += address;
		return true;
	case DW_EH_PE_datarel:
		*ret += data_base;
		return true;
	}
	return false;
}

/* ---- entries ------------------------------------------------------------------------------------------------------ */

static uint64_t address_of(const struct reader *r, const uint8_t *at)
{
	return r->section.address + (at - (const uint8_t *)r->section.data->d_buf);
}

/* What the augmentation says of the FDEs' pointers: 'R' (Linux Standard Base §10.6.1.1.1). False: something unknown stands before it. */
static bool pointer_encoding(const Dwarf_CIE *cie, uint8_t *ret)
{
	struct bytes b = {cie->augmentation_data, cie->augmentation_data + cie->augmentation_data_size};
	uint64_t personality;
	uint8_t byte;

	*ret = DW_EH_PE_absptr;
	if (!*cie->augmentation)
		return true;
	if (*cie->augmentation != 'z')
		return false;
	for (const char *a = cie->augmentation + 1; *a; a++) {
		if (*a == 'S' || *a == 'B')
			continue;
		if (!take(&b, &byte, 1))
			return false;
		if (*a == 'R')
			return *ret = byte, true;
		if (*a == 'P' ? !take_number(&b, byte, &personality) : *a != 'L')
			return false;
	}
	return true;
}

static const unsigned char *ident(const struct reader *r)
{
	return (const unsigned char *)elf_getident(r->elf->elf, NULL);
}

static size_t address_size(uint8_t encoding)
{
	switch (encoding & 7) {
	case DW_EH_PE_udata2:
		return 2;
	case DW_EH_PE_udata4:
		return 4;
	}
	return 8;
}

static bool read_cie(struct reader *r, uint64_t offset)
{
	Dwarf_CFI_Entry entry;
	Dwarf_Off next;

	if (r->cie_known && r->cie == offset)
		return true;
	r->states = 0;
	r->cie_known = !dwarf_next_cfi(ident(r), r->section.data, r->source == FDE_EH_FRAME, offset, &next, &entry) && dwarf_cfi_cie_p(&entry) &&
		       pointer_encoding(&entry.cie, &r->encoding);
	r->augmented = r->cie_known && *entry.cie.augmentation == 'z';
	if (r->cie_known && !cfa_program_bounded(entry.cie.initial_instructions, entry.cie.initial_instructions_end, address_size(r->encoding), &r->states))
		r->unbounded = true;
	r->cie = offset;
	return r->cie_known;
}

static void add(struct fde_list *l, uint64_t start, uint64_t end, size_t size, enum fde_source source)
{
	if (start >= end || l->n >= FDES_MAX)
		return;
	GROW(l->list, l->n, l->cap);
	l->list[l->n++] = (struct fde){.start = start, .end = end, .size = size, .source = source};
}

static bool instructions_bounded(const struct reader *r, struct bytes b)
{
	unsigned int states = r->states;

	return (!r->augmented || cfa_program_skip_augmentation(&b.at, b.end)) &&
	       cfa_program_bounded(b.at, b.end, address_size(r->encoding), &states);
}

static void add_entry(struct reader *r, struct fde_list *l, const Dwarf_FDE *fde)
{
	struct bytes b = {fde->start, fde->end};
	uint64_t start, length;

	if (!read_cie(r, fde->CIE_pointer) || !take_pointer(&b, r->encoding, address_of(r, b.at), 0, &start) || !take_number(&b, r->encoding, &length) ||
	    !instructions_bounded(r, b)) {
		r->unbounded = true;
		return;
	}
	if (start && length <= UINT64_MAX - start) /* the linker leaves dropped functions at 0 */
		add(l, start, start + length, fde->end - fde->start, r->source);
}

static void read_entries(struct reader *r, struct fde_list *l)
{
	Dwarf_CFI_Entry entry;
	Dwarf_Off offset = 0, next;

	while (!dwarf_next_cfi(ident(r), r->section.data, r->source == FDE_EH_FRAME, offset, &next, &entry)) {
		if (!dwarf_cfi_cie_p(&entry))
			add_entry(r, l, &entry.fde);
		if (next <= offset)
			break;
		offset = next;
	}
}

/* ---- sections ----------------------------------------------------------------------------------------------------- */

static bool find_section(const struct elf_file *elf, const char *name, struct section *ret)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr h;

	if (elf_getshdrstrndx(elf->elf, &names))
		return false;
	while ((scn = elf_nextscn(elf->elf, scn))) {
		const char *found = gelf_getshdr(scn, &h) ? elf_strptr(elf->elf, names, h.sh_name) : NULL;

		if (!found || strcmp(found, name) || h.sh_type == SHT_NOBITS)
			continue;
		*ret = (struct section){.data = elf_getdata(scn, NULL), .address = h.sh_addr};
		return ret->data && ret->data->d_buf;
	}
	return false;
}

/* Bytes from an address to the end of its segment. */
static bool find_memory(const struct elf_file *elf, uint64_t address, struct section *ret)
{
	for (size_t i = 0; i < elf->n_segments; i++) {
		const struct segment *s = &elf->segments[i];
		uint64_t at = address - s->address;

		if (address < s->address || at >= s->file_size)
			continue;
		*ret = (struct section){.data = elf_getdata_rawchunk(elf->elf, s->offset + at, s->file_size - at, ELF_T_BYTE), .address = address};
		return ret->data && ret->data->d_buf;
	}
	return false;
}

/* A file without section headers: PT_GNU_EH_FRAME is .eh_frame_hdr, which begins with a pointer to .eh_frame (Linux Standard Base §10.6.2). */
static bool find_by_header(const struct elf_file *elf, struct section *ret)
{
	struct section header;
	uint64_t address;
	GElf_Phdr p;
	size_t n;

	if (elf_getphdrnum(elf->elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(elf->elf, i, &p) || p.p_type != PT_GNU_EH_FRAME || !find_memory(elf, p.p_vaddr, &header))
			continue;
		const uint8_t *bytes = header.data->d_buf;
		struct bytes b = {bytes + 4, bytes + header.data->d_size};

		return header.data->d_size > 4 && bytes[0] == 1 && take_pointer(&b, bytes[1], p.p_vaddr + 4, p.p_vaddr, &address) &&
		       find_memory(elf, address, ret);
	}
	return false;
}

static void read_eh_frame(const struct elf_file *elf, struct fde_list *l)
{
	struct reader r = {.elf = elf, .source = FDE_EH_FRAME};

	if (!find_section(elf, ".eh_frame", &r.section) && !find_by_header(elf, &r.section))
		return;
	l->cfi[FDE_EH_FRAME] = dwarf_getcfi_elf(elf->elf);
	if (l->cfi[FDE_EH_FRAME])
		read_entries(&r, l);
	if (r.unbounded) /* libdw finds entries by itself, so that none can be left out */
		l->n = 0;
}

/* libdw unpacks it if it is compressed. */
static void read_debug_frame(const struct elf_file *elf, struct fde_list *l)
{
	struct reader r = {.elf = elf, .source = FDE_DEBUG_FRAME};
	size_t n;

	if (!find_section(elf, ".debug_frame", &r.section) && !find_section(elf, ".zdebug_frame", &r.section))
		return;
	l->dwarf = dwarf_begin_elf(elf->elf, DWARF_C_READ, NULL);
	if (!l->dwarf || (!find_section(elf, ".debug_frame", &r.section) && !find_section(elf, ".zdebug_frame", &r.section)))
		return;
	l->cfi[FDE_DEBUG_FRAME] = dwarf_getcfi(l->dwarf);
	n = l->n;
	if (l->cfi[FDE_DEBUG_FRAME])
		read_entries(&r, l);
	if (r.unbounded)
		l->n = n;
}

/* ---- where signal handlers return to ------------------------------------------------------------------------------- */

/* mov $15 (rt_sigreturn), %rax or %eax; syscall. C libraries other than glibc say nothing about it. */
static void find_signal_returns(const struct elf_file *elf, const struct segment *s, struct fde_list *l)
{
	static const uint8_t codes[][9] = {{0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05}, {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05}};
	static const size_t lengths[] = {9, 7};
	const uint8_t *bytes = elf_file_bytes(elf, s->offset, s->file_size), *found;

	for (size_t i = 0; bytes && i < ARRAY_LEN(codes); i++) {
		const uint8_t *at = bytes, *end = bytes + s->file_size;

		for (; (found = memmem(at, end - at, codes[i], lengths[i])); at = found + 1) {
			uint64_t address = s->address + (found - bytes);

			/* From one byte before, as it is looked up like a return address. */
			add(l, address ? address - 1 : 0, address + lengths[i], 0, FDE_SIGNAL_RETURN);
		}
	}
}

/* ------------------------------------------------------------------------------------------------------------------ */

static int compare(const void *pa, const void *pb)
{
	const struct fde *a = pa, *b = pb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (int)a->source - (int)b->source;
}

void fde_list_read(const struct elf_file *elf, struct fde_list *ret)
{
	*ret = (struct fde_list){0};
	read_eh_frame(elf, ret);
	read_debug_frame(elf, ret);
	for (size_t i = 0; i < elf->n_segments; i++)
		if (elf->segments[i].executable)
			find_signal_returns(elf, &elf->segments[i], ret);
	if (ret->n)
		qsort(ret->list, ret->n, sizeof *ret->list, compare);
}

void fde_list_free(struct fde_list *l)
{
	dwarf_cfi_end(l->cfi[FDE_EH_FRAME]); /* that of .debug_frame is its Dwarf's */
	dwarf_end(l->dwarf);
	free(l->list);
	*l = (struct fde_list){0};
}
