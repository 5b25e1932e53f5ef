/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/place.h"

#include <capstone/capstone.h>
#include <string.h>

#include "symbol/elf_symbols.h"
#include "unwind/code_scan.h"

#define PROLOGUE_BYTES 64
#define PROLOGUE_INSTRUCTIONS 12

/* Does the kernel emulate it (arch/x86/kernel/uprobes.c: branch_setup_xol_ops(), push_setup_xol_ops())? */
static bool is_emulated(const cs_insn *i)
{
	if (i->bytes[0] == 0x66)
		return false;
	switch (i->id) {
	case X86_INS_NOP:
		return i->size == 1;
	case X86_INS_PUSH:
		return (i->bytes[i->size - 1] & 0xf8) == 0x50 && i->size <= 2;
	case X86_INS_CALL: case X86_INS_JMP:
		return i->bytes[0] == 0xe8 || i->bytes[0] == 0xe9 || i->bytes[0] == 0xeb;
	}
	return (i->bytes[0] & 0xf0) == 0x70 || (i->bytes[0] == 0x0f && (i->bytes[1] & 0xf0) == 0x80);
}

/* Which argument it is, 0 = none. */
static unsigned int argument_of(uint16_t reg)
{
	switch (reg) {
	case X86_REG_RDI: case X86_REG_EDI: case X86_REG_DI: case X86_REG_DIL: return 1;
	case X86_REG_RSI: case X86_REG_ESI: case X86_REG_SI: case X86_REG_SIL: return 2;
	case X86_REG_RDX: case X86_REG_EDX: case X86_REG_DX: case X86_REG_DL: case X86_REG_DH: return 3;
	case X86_REG_RCX: case X86_REG_ECX: case X86_REG_CX: case X86_REG_CL: case X86_REG_CH: return 4;
	case X86_REG_R8: case X86_REG_R8D: case X86_REG_R8W: case X86_REG_R8B: return 5;
	case X86_REG_R9: case X86_REG_R9D: case X86_REG_R9W: case X86_REG_R9B: return 6;
	}
	return 0;
}

static bool is_stack_pointer(uint16_t reg)
{
	return reg == X86_REG_RSP || reg == X86_REG_ESP || reg == X86_REG_SP;
}

/* Behind it the function may be elsewhere, or the arguments that are read. */
static bool ends_prologue(csh handle, const cs_insn *i, unsigned int arguments)
{
	cs_regs read, written;
	uint8_t n_read, n_written;

	if (cs_insn_group(handle, i, CS_GRP_JUMP) || cs_insn_group(handle, i, CS_GRP_CALL) || cs_insn_group(handle, i, CS_GRP_RET))
		return true;
	if (cs_regs_access(handle, i, read, &n_read, written, &n_written))
		return true;
	for (uint8_t k = 0; k < n_written; k++)
		if (is_stack_pointer(written[k]) || (argument_of(written[k]) && argument_of(written[k]) <= arguments))
			return true;
	return false;
}

static uint64_t emulated_address(csh handle, const uint8_t *code, size_t n, uint64_t address, unsigned int arguments)
{
	cs_insn *i = cs_malloc(handle);
	uint64_t found = 0;

	for (int k = 0; k < PROLOGUE_INSTRUCTIONS && cs_disasm_iter(handle, &code, &n, &address, i); k++) {
		if (is_emulated(i)) {
			found = i->address;
			break;
		}
		if (ends_prologue(handle, i, arguments))
			break;
	}
	cs_free(i, 1);
	return found;
}

bool place_find(const struct elf_file *elf, uint64_t address, unsigned int arguments, struct place_found *ret)
{
	size_t n = PROLOGUE_BYTES;
	const uint8_t *code = NULL;
	csh handle;

	for (; n && !code; n /= 2)
		code = elf_bytes_at(elf, address, n);
	if (!code)
		return false;
	*ret = (struct place_found){.address = address, .stepped = true};
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK)
		return true;
	cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
	ret->address = emulated_address(handle, code, n * 2, address, arguments);
	ret->stepped = !ret->address;
	if (ret->stepped)
		ret->address = address;
	cs_close(&handle);
	return true;
}

/* ---- returns ------------------------------------------------------------------------------------------------------------ */

#define PARTS_MAX 16
#define FUNCTION_MAX (1 << 20) /* bytes */

struct returns {
	const struct elf_file *elf;
	const struct fde_list *fdes; /* NULL: who returns in a function's place is not followed */
	csh handle;
	struct code_range parts[PARTS_MAX];
	size_t n_parts;
	uint64_t *list;
	size_t n, max;
};

static void add_return(struct returns *r, uint64_t address)
{
	if (r->n < r->max)
		r->list[r->n] = address;
	r->n++;
}

static bool is_inside(const struct returns *r, uint64_t address)
{
	for (size_t i = 0; i < r->n_parts; i++)
		if (address >= r->parts[i].start && address < r->parts[i].end)
			return true;
	return false;
}

/* A jump out of the function: who is jumped to returns in its place. A library's function is the end at once: others call it, too. */
static void leave(struct returns *r, const cs_insn *i)
{
	const cs_x86_op *to = &i->detail->x86.operands[0];
	const struct fde *function;

	if (!r->fdes || i->detail->x86.op_count != 1 || to->type != X86_OP_IMM || is_inside(r, to->imm))
		return;
	function = code_function(r->fdes, to->imm);
	if (function && function->start == (uint64_t)to->imm && r->n_parts < PARTS_MAX)
		r->parts[r->n_parts++] = (struct code_range){function->start, function->end};
	else if (i->id == X86_INS_JMP)
		add_return(r, i->address);
}

static void scan(struct returns *r, const struct code_range *range)
{
	size_t left = range->end - range->start;
	const uint8_t *code = elf_bytes_at(r->elf, range->start, left);
	cs_insn *i = cs_malloc(r->handle);
	uint64_t at = range->start;

	while (code && left) {
		if (!cs_disasm_iter(r->handle, &code, &left, &at, i)) {
			code++; /* what it does not know */
			left--;
			at++;
		} else if (i->id == X86_INS_RET || i->id == X86_INS_RETF) {
			add_return(r, i->address);
		} else if (cs_insn_group(r->handle, i, CS_GRP_JUMP)) {
			leave(r, i);
		}
	}
	cs_free(i, 1);
}

static size_t scan_parts(struct returns *r)
{
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &r->handle) != CS_ERR_OK)
		return 0;
	cs_option(r->handle, CS_OPT_DETAIL, CS_OPT_ON);
	for (size_t i = 0; i < r->n_parts; i++) {
		const struct code_range part = r->parts[i];

		scan(r, &part);
	}
	cs_close(&r->handle);
	return r->n <= r->max ? r->n : 0;
}

size_t place_returns(const struct elf_file *elf, const struct fde_list *fdes, uint64_t address, uint64_t *ret, size_t max)
{
	const struct fde *function = code_function(fdes, address);
	struct returns r = {.elf = elf, .fdes = fdes, .n_parts = 1, .list = ret, .max = max};

	if (!function)
		return 0;
	r.parts[0] = (struct code_range){function->start, function->end};
	code_add_cold_parts(elf, fdes, r.parts, &r.n_parts, PARTS_MAX);
	return scan_parts(&r);
}

size_t place_returns_in(const struct elf_file *elf, uint64_t start, uint64_t end, uint64_t *ret, size_t max)
{
	struct returns r = {.elf = elf, .parts = {{start, end}}, .n_parts = 1, .list = ret, .max = max};

	return start < end && end - start <= FUNCTION_MAX ? scan_parts(&r) : 0;
}

/* ---- callers ------------------------------------------------------------------------------------------------------------ */

static bool calls(const uint8_t *code, uint64_t at, uint64_t target)
{
	int32_t distance;

	if (code[0] != 0xe8 && code[0] != 0xe9)
		return false;
	memcpy(&distance, code + 1, sizeof distance);
	return at + 5 + distance == target;
}

static bool has_call(const struct elf_file *elf, const struct fde *f, uint64_t target)
{
	uint64_t size = f->end - f->start;
	const uint8_t *code = elf_bytes_at(elf, f->start, size);

	for (uint64_t i = 0; code && i + 5 <= size; i++)
		if (calls(code + i, f->start + i, target))
			return true;
	return false;
}

size_t place_callers(const struct elf_file *elf, const struct fde_list *fdes, uint64_t address, uint64_t *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < fdes->n && n < max; i++)
		if (fdes->list[i].source == FDE_EH_FRAME && has_call(elf, &fdes->list[i], address))
			ret[n++] = fdes->list[i].start;
	return n;
}
