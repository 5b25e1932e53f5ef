/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/cfa_program.h"

#include <dwarf.h>

#include "base/cleanup.h"

#define REGISTERS_MAX 256 /* x86-64 has 130 (System V x86-64 ABI §3.6.2); libdw keeps a rule for each up to the highest */
#define STATES_MAX 64 /* remembered and not restored; libdw copies all rules each time */

/* Letters of an instruction's operands: r register, u unsigned or signed LEB128, b block, a address, 1 2 4 8 bytes. NULL: no such instruction. */
static const char *operands(uint8_t opcode)
{
	static const char *const table[] = {
		[DW_CFA_nop] = "", [DW_CFA_set_loc] = "a", [DW_CFA_advance_loc1] = "1", [DW_CFA_advance_loc2] = "2", [DW_CFA_advance_loc4] = "4",
		[DW_CFA_offset_extended] = "ru", [DW_CFA_restore_extended] = "r", [DW_CFA_undefined] = "r", [DW_CFA_same_value] = "r",
		[DW_CFA_register] = "rr", [DW_CFA_remember_state] = "", [DW_CFA_restore_state] = "", [DW_CFA_def_cfa] = "ru",
		[DW_CFA_def_cfa_register] = "r", [DW_CFA_def_cfa_offset] = "u", [DW_CFA_def_cfa_expression] = "b", [DW_CFA_expression] = "rb",
		[DW_CFA_offset_extended_sf] = "ru", [DW_CFA_def_cfa_sf] = "ru", [DW_CFA_def_cfa_offset_sf] = "u", [DW_CFA_val_offset] = "ru",
		[DW_CFA_val_offset_sf] = "ru", [DW_CFA_val_expression] = "rb", [DW_CFA_MIPS_advance_loc8] = "8", [DW_CFA_GNU_window_save] = "",
		[DW_CFA_GNU_args_size] = "u", [DW_CFA_GNU_negative_offset_extended] = "ru",
	};

	switch (opcode & 0xc0) {
	case DW_CFA_offset:
		return "u";
	case DW_CFA_advance_loc:
	case DW_CFA_restore:
		return "";
	}
	return opcode < ARRAY_LEN(table) ? table[opcode] : NULL;
}

/* Of at most 10 bytes: what libdw makes of longer ones is no register. */
static bool take_leb(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	*ret = 0;
	for (unsigned int shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;

		*ret |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool skip(const uint8_t **at, const uint8_t *end, uint64_t n)
{
	if ((size_t)(end - *at) < n)
		return false;
	*at += n;
	return true;
}

static bool take_operand(char operand, const uint8_t **at, const uint8_t *end, size_t address_size)
{
	uint64_t value;

	switch (operand) {
	case 'r':
		return take_leb(at, end, &value) && value < REGISTERS_MAX;
	case 'u':
		return take_leb(at, end, &value);
	case 'b':
		return take_leb(at, end, &value) && skip(at, end, value);
	case 'a':
		return skip(at, end, address_size);
	}
	return skip(at, end, operand - '0');
}

bool cfa_program_skip_augmentation(const uint8_t **at, const uint8_t *end)
{
	return take_operand('b', at, end, 0);
}

bool cfa_program_bounded(const uint8_t *begin, const uint8_t *end, size_t address_size, unsigned int *states)
{
	for (const uint8_t *at = begin; at < end;) {
		uint8_t opcode = *at++;
		const char *o = operands(opcode);

		if (!o)
			return false;
		for (; *o; o++)
			if (!take_operand(*o, &at, end, address_size))
				return false;
		if (opcode == DW_CFA_remember_state && ++*states > STATES_MAX)
			return false;
		if (opcode == DW_CFA_restore_state && *states)
			--*states;
	}
	return true;
}
