/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/go_types.h"

#include <elf.h>
#include <string.h>

#include "symbol/elf_symbols.h"

/* internal/abi/iface.go: ITab */
#define TABLE_TYPE 8

/* internal/abi/type.go: Type, and what follows it in PtrType and StructType */
#define TYPE_SIZE 0
#define TYPE_KIND 23
#define KIND_MASK 31
#define KIND_POINTER 22
#define KIND_STRUCT 25
#define POINTER_ELEMENT 48
#define STRUCT_MEMBERS 56
#define STRUCT_N_MEMBERS 64

/* StructField */
#define MEMBER_NAME 0
#define MEMBER_TYPE 8
#define MEMBER_OFFSET 16
#define MEMBER_SIZE 24

#define NAME_LENGTH 1           /* Name: a byte of flags, the length as a varint, the characters */
#define NAME_MAX_LENGTH 127     /* of one byte: longer ones are not asked for */
#define MEMBERS_MAX 256
#define OFFSET_MAX 65536

static bool number_at(const struct elf_file *elf, uint64_t address, uint64_t *ret)
{
	const uint8_t *bytes = elf_bytes_at(elf, address, sizeof *ret);

	if (bytes)
		memcpy(ret, bytes, sizeof *ret);
	return bytes;
}

/* What the dynamic linker does: the section's name with other linkers, and with Go's. NULL: nothing. */
static const uint8_t *relocations(const struct elf_file *elf, uint64_t *ret_size)
{
	uint64_t address;

	if (!elf_section_find(elf, ".rela.dyn", &address, ret_size) && !elf_section_find(elf, ".rela", &address, ret_size))
		return NULL;
	return elf_bytes_at(elf, address, *ret_size);
}

/* In an executable that is loaded anywhere the dynamic linker fills it in. */
static bool pointer_at(const struct elf_file *elf, uint64_t address, uint64_t *ret)
{
	uint64_t size;
	const uint8_t *bytes = relocations(elf, &size);
	Elf64_Rela r;

	for (size_t at = 0; bytes && at + sizeof r <= size; at += sizeof r) {
		memcpy(&r, bytes + at, sizeof r);
		if (r.r_offset == address && ELF64_R_TYPE(r.r_info) == R_X86_64_RELATIVE) {
			*ret = r.r_addend;
			return true;
		}
	}
	return number_at(elf, address, ret) && *ret;
}

static bool is_of_kind(const struct elf_file *elf, uint64_t type, uint8_t kind)
{
	const uint8_t *its = elf_bytes_at(elf, type + TYPE_KIND, 1);

	return its && (*its & KIND_MASK) == kind;
}

bool go_type_of_table(const struct elf_file *elf, uint64_t table, uint64_t *ret)
{
	return pointer_at(elf, table + TABLE_TYPE, ret);
}

bool go_type_pointed(const struct elf_file *elf, uint64_t type, uint64_t *ret)
{
	return is_of_kind(elf, type, KIND_POINTER) && pointer_at(elf, type + POINTER_ELEMENT, ret);
}

static bool is_called(const struct elf_file *elf, uint64_t member, const char *name)
{
	size_t n = strlen(name);
	const uint8_t *bytes;
	uint64_t at;

	if (n > NAME_MAX_LENGTH || !pointer_at(elf, member + MEMBER_NAME, &at))
		return false;
	bytes = elf_bytes_at(elf, at, NAME_LENGTH + 1 + n);
	return bytes && bytes[NAME_LENGTH] == n && !memcmp(bytes + NAME_LENGTH + 1, name, n);
}

/* Before Go 1.19 offsets were doubled, with a flag in bit 0: the last member's lies outside of its struct then. */
static bool are_doubled(const struct elf_file *elf, uint64_t type, uint64_t members, uint64_t n)
{
	uint64_t size, last;

	return number_at(elf, type + TYPE_SIZE, &size) && number_at(elf, members + (n - 1) * MEMBER_SIZE + MEMBER_OFFSET, &last) && last >= size;
}

bool go_type_member(const struct elf_file *elf, uint64_t type, const char *name, struct go_member *ret)
{
	uint64_t members, n, offset;

	if (!is_of_kind(elf, type, KIND_STRUCT) || !pointer_at(elf, type + STRUCT_MEMBERS, &members) ||
	    !number_at(elf, type + STRUCT_N_MEMBERS, &n) || !n || n > MEMBERS_MAX)
		return false;
	for (uint64_t member = members; member < members + n * MEMBER_SIZE; member += MEMBER_SIZE) {
		if (!is_called(elf, member, name))
			continue;
		if (!number_at(elf, member + MEMBER_OFFSET, &offset) || !pointer_at(elf, member + MEMBER_TYPE, &ret->type))
			return false;
		ret->offset = are_doubled(elf, type, members, n) ? offset / 2 : offset;
		return offset < OFFSET_MAX;
	}
	return false;
}
