/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/code_scan.h"

#include <stdlib.h>
#include <string.h>

#include "symbol/elf_symbols.h"
#include "unwind/frame_row.h"

#define TARGETS_MAX 4096        /* jumps out of a function that are looked at */
#define FUNCTIONS_MAX 64        /* that are looked through for a number */
#define FUNCTION_BYTES_MAX 8192
#define BRANCH_MARK 4           /* bytes of endbr64 */

const struct fde *code_function(const struct fde_list *fdes, uint64_t address)
{
	size_t low = 0, high = fdes->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fdes->list[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < fdes->list[low - 1].end ? &fdes->list[low - 1] : NULL;
}

/* jmp, jcc or (if asked for) call with 4 bytes of distance. Returns where to, 0 = it is none. */
static uint64_t jump_target(const uint8_t *code, size_t left, uint64_t address, bool calls)
{
	size_t opcode = left > 1 && code[0] == 0x0f && (code[1] & 0xf0) == 0x80 ? 2 : code[0] == 0xe9 || (calls && code[0] == 0xe8);
	int32_t distance;

	if (!opcode || left < opcode + sizeof distance)
		return 0;
	memcpy(&distance, code + opcode, sizeof distance);
	return address + opcode + sizeof distance + distance;
}

/* ---- cold parts --------------------------------------------------------------------------------------------------------- */

static bool row_at(const struct fde_list *fdes, const struct fde *fde, uint64_t address, struct rp_row *ret)
{
	Dwarf_CFI *cfi = fde->source == FDE_SIGNAL_RETURN ? NULL : fdes->cfi[fde->source];
	Dwarf_Frame *frame;

	if (!cfi || dwarf_cfi_addrframe(cfi, address, &frame))
		return false;
	*ret = frame_row(frame, false);
	free(frame);
	return true;
}

/* Linkers' tables of jumps do not begin at rsp + 8 either. */
static bool is_cold_part(const struct fde_list *fdes, const struct fde *fde, uint64_t target)
{
	struct rp_row first, there;

	if (!row_at(fdes, fde, fde->start, &first) || !row_at(fdes, fde, target, &there))
		return false;
	return !((first.rule & 15) == RP_ROW_RSP && first.cfa == 1) && (there.rule & 15) != RP_ROW_PLT;
}

static bool holds(const struct code_range *ranges, size_t n, uint64_t address)
{
	for (size_t i = 0; i < n; i++)
		if (address >= ranges[i].start && address < ranges[i].end)
			return true;
	return false;
}

struct cold {
	const struct fde_list *fdes;
	struct code_range *ranges;
	size_t *n, max;
	const struct fde *last; /* that was looked at: its jumps come one after the other */
	unsigned int targets;
};

static void look_at_target(struct cold *c, uint64_t target)
{
	const struct fde *fde = holds(c->ranges, *c->n, target) ? NULL : code_function(c->fdes, target);

	if (!fde || fde == c->last || *c->n == c->max || c->targets++ >= TARGETS_MAX)
		return;
	c->last = fde;
	if (is_cold_part(c->fdes, fde, target))
		c->ranges[(*c->n)++] = (struct code_range){fde->start, fde->end};
}

void code_add_cold_parts(const struct elf_file *elf, const struct fde_list *fdes, struct code_range *ranges, size_t *n, size_t max)
{
	struct cold c = {.fdes = fdes, .ranges = ranges, .n = n, .max = max};
	size_t n_hot = *n;

	for (size_t i = 0; i < n_hot; i++) {
		size_t size = ranges[i].end - ranges[i].start;
		const uint8_t *code = elf_bytes_at(elf, ranges[i].start, size);

		for (size_t at = 0; code && at < size; at++) {
			uint64_t target = jump_target(code + at, size - at, ranges[i].start + at, false);

			if (target)
				look_at_target(&c, target);
		}
	}
}

/* ---- numbers ------------------------------------------------------------------------------------------------------------ */

struct search {
	const struct fde_list *fdes;
	const struct fde *functions[FUNCTIONS_MAX];
	size_t n;
};

static void add_function(struct search *s, uint64_t address)
{
	const struct fde *fde = code_function(s->fdes, address);

	for (size_t i = 0; i < s->n; i++)
		if (s->functions[i] == fde)
			return;
	if (fde && s->n < FUNCTIONS_MAX)
		s->functions[s->n++] = fde;
}

bool code_mentions(const struct elf_file *elf, const struct fde_list *fdes, uint64_t address, uint32_t number)
{
	struct search s = {.fdes = fdes};

	add_function(&s, address);
	for (size_t i = 0; i < s.n; i++) {
		uint64_t start = s.functions[i]->start, whole = s.functions[i]->end - start;
		size_t size = whole < FUNCTION_BYTES_MAX ? whole : FUNCTION_BYTES_MAX;
		const uint8_t *code = elf_bytes_at(elf, start, size);

		if (code && memmem(code, size, &number, sizeof number))
			return true;
		for (size_t at = 0; code && at < size; at++) {
			uint64_t target = jump_target(code + at, size - at, start + at, true);

			if (target)
				add_function(&s, target);
		}
	}
	return false;
}

/* ---- a place for a probe --------------------------------------------------------------------------------------------------- */

/* Intel's manual, volume 2, appendix A. push, jcc, jmp, call, nop without prefixes but REX. */
static bool is_emulated(const uint8_t *code, size_t n)
{
	size_t rex = (*code & 0xf0) == 0x40;

	if (n < 2)
		return false;
	if ((code[rex] & 0xf8) == 0x50)
		return true;
	return !rex && ((*code & 0xf0) == 0x70 || *code == 0xe8 || *code == 0xe9 || *code == 0xeb || *code == 0x90 ||
			(*code == 0x0f && (code[1] & 0xf0) == 0x80));
}

static bool is_branch_mark(const uint8_t *code, size_t n)
{
	static const uint8_t endbr64[BRANCH_MARK] = {0xf3, 0x0f, 0x1e, 0xfa};

	return n >= sizeof endbr64 && !memcmp(code, endbr64, sizeof endbr64);
}

/* Bytes of ModRM, SIB and displacement. */
static size_t operand_size(const uint8_t *code, size_t n)
{
	unsigned int mode = n ? *code >> 6 : 0, memory = n ? *code & 7 : 0;
	size_t sib = n && mode != 3 && memory == 4, none = 1 + sib;

	if (n < 2 || mode == 3)
		return 1;
	if (mode == 0)
		return none + (memory == 5 || (sib && (code[1] & 7) == 5) ? 4 : 0);
	return none + (mode == 1 ? 1 : 4);
}

/* Those that functions of C begin with: mov, lea, test, xor, cmp, add and sub of registers, memory, small constants. 0 = another one. */
static size_t instruction_size(const uint8_t *code, size_t n)
{
	static const uint8_t with_operand[] = {0x89, 0x8b, 0x8d, 0x85, 0x31, 0x33, 0x39, 0x3b, 0x01, 0x29};
	size_t at = 0;

	if (is_branch_mark(code, n))
		return BRANCH_MARK;
	at += at < n && code[at] == 0x64;
	at += at < n && (code[at] & 0xf0) == 0x40;
	if (at >= n)
		return 0;
	if (memchr(with_operand, code[at], sizeof with_operand))
		return at + 1 + operand_size(code + at + 1, n - at - 1);
	if (code[at] == 0x83)
		return at + 2 + operand_size(code + at + 1, n - at - 1);
	return 0;
}

bool code_moves_stack(const uint8_t *code, size_t n)
{
	static const uint8_t sub[] = {0x48, 0x83, 0xec}, add[] = {0x48, 0x83, 0xc4}, lea[] = {0x48, 0x8d, 0x64, 0x24};

	return memmem(code, n, sub, sizeof sub) || memmem(code, n, add, sizeof add) || memmem(code, n, lea, sizeof lea);
}

size_t code_probe_offset(const uint8_t *code, size_t n)
{
	size_t at = 0, size;

	while (at < n) {
		if (is_emulated(code + at, n - at))
			return at;
		size = instruction_size(code + at, n - at);
		if (!size)
			break;
		at += size;
	}
	return 0;
}

size_t code_entry_offset(const uint8_t *code, size_t n)
{
	return is_branch_mark(code, n) && code_probe_offset(code, n) == BRANCH_MARK ? BRANCH_MARK : 0;
}
