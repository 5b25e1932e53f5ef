/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/frame_row.h"

#include <dwarf.h>
#include <stddef.h>
#include <stdint.h>

/* DWARF register numbers: System V x86-64 ABI §3.6.2, figure 3.36 */
#define RBX 3
#define RDI 5
#define RBP 6
#define RSP 7
#define RIP 16

#define UCONTEXT_RIP 168 /* bytes from a struct ucontext to the saved rip: arch/x86/include/uapi/asm/ucontext.h, sigcontext.h */

static struct rp_row row_of(unsigned int kind, unsigned int cfa, int argument)
{
	return (struct rp_row){.cfa = cfa, .rule = kind | (unsigned int)argument << 4};
}

static struct rp_row lost(void)
{
	return row_of(RP_ROW_LOST, 0, 0);
}

/* Where a register of the caller is. */
struct place {
	enum { SAME, UNDEFINED, AT_CFA, IN_REGISTER, AT_REGISTER, OTHER } kind;
	int64_t offset;         /* AT_CFA, AT_REGISTER: bytes */
	unsigned int reg;       /* IN_REGISTER, AT_REGISTER */
};

/* The register of a DW_OP_breg0 … breg31 or bregx, −1 = it is none. */
static int base_register(const Dwarf_Op *op, int64_t *offset)
{
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
		*offset = op->number;
		return op->atom - DW_OP_breg0;
	}
	*offset = op->number2;
	return op->atom == DW_OP_bregx && op->number <= RIP ? (int)op->number : -1;
}

/* libdw/dwarf_frame_register.c: no operations in the memory given = undefined, none at all = the same value; an expression begins with the CFA, which
 * DWARF has pushed before it. */
static struct place place_of(Dwarf_Frame *frame, int reg)
{
	struct place place = {.kind = OTHER};
	Dwarf_Op memory[3], *ops;
	size_t n;
	int base;

	if (dwarf_frame_register(frame, reg, memory, &ops, &n))
		return place;
	if (!n) {
		place.kind = ops == memory ? UNDEFINED : SAME;
	} else if (ops[0].atom == DW_OP_call_frame_cfa && (n == 1 || (n == 2 && ops[1].atom == DW_OP_plus_uconst))) {
		place.kind = AT_CFA;
		place.offset = n == 2 ? (int64_t)ops[1].number : 0;
	} else if (n == 1 && ops[0].atom == DW_OP_regx) {
		place.kind = IN_REGISTER;
		place.reg = ops[0].number;
	} else if (n == 2 && ops[0].atom == DW_OP_call_frame_cfa && (base = base_register(&ops[1], &place.offset)) >= 0) {
		place.kind = AT_REGISTER;
		place.reg = base;
	}
	return place;
}

/* The argument that says where rbp is, `max` the largest that fits. False: none can. */
static bool rbp_argument(Dwarf_Frame *frame, int max, int *ret)
{
	struct place place = place_of(frame, RBP);
	int64_t words = place.offset / 8;

	*ret = 0;
	if (place.kind == SAME || place.kind == UNDEFINED)
		return true;
	if (place.kind == AT_REGISTER && place.reg == RBP && !place.offset) {
		*ret = max;
		return true;
	}
	*ret = words;
	return place.kind == AT_CFA && place.offset % 8 == 0 && words && words >= -max - 1 && words < max;
}

static struct rp_row plain_row(Dwarf_Frame *frame, unsigned int kind, int64_t cfa)
{
	int rbp;

	if (cfa < 0 || cfa > UINT16_MAX || !rbp_argument(frame, RP_RBP_AT_RBP, &rbp))
		return lost();
	return row_of(kind, cfa, rbp);
}

static struct rp_row register_row(Dwarf_Frame *frame, unsigned int kind, unsigned int reg, int64_t cfa)
{
	int rbp;

	if (reg >= RIP || cfa < 0 || cfa > UINT16_MAX || !rbp_argument(frame, RP_RBP_AT_RBP8, &rbp))
		return lost();
	return row_of(kind, cfa, (int)(reg << 8) | (rbp & 0xff));
}

/* Functions save rbx in the order of their registers, so that it costs few rows more to say where. */
static struct rp_row rsp_row(Dwarf_Frame *frame, int64_t cfa)
{
	struct place rbx = place_of(frame, RBX);
	int64_t words = rbx.offset / 8;
	int rbp;

	if (rbx.kind != AT_CFA || rbx.offset % 8 || words > -2 || words < -15 || cfa < 0 || cfa > UINT16_MAX ||
	    !rbp_argument(frame, RP_RBP_AT_RBP8, &rbp))
		return plain_row(frame, RP_ROW_RSP, cfa);
	return row_of(RP_ROW_RSP_RBX, cfa, (int)(-words << 8) | (rbp & 0xff));
}

static int64_t literal(const Dwarf_Op *op)
{
	return op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31 ? op->atom - DW_OP_lit0 : -1;
}

/* rsp + 8 + ((rip & 15) >= N) × 8: what linkers write for .plt, whose entries push an index before they jump. */
static bool is_plt(const Dwarf_Op *ops, size_t n, int64_t *threshold)
{
	static const uint8_t atoms[] = {DW_OP_breg7, DW_OP_breg16, DW_OP_lit15, DW_OP_and, 0, DW_OP_ge, DW_OP_lit3, DW_OP_shl, DW_OP_plus};

	if (n != sizeof atoms)
		return false;
	for (size_t i = 0; i < n; i++)
		if (atoms[i] && ops[i].atom != atoms[i])
			return false;
	*threshold = literal(&ops[4]);
	return *threshold >= 0 && ops[0].number == 8 && !ops[1].number;
}

/* A CFA that is stored at an address: the offset of that address and what to add to the CFA, as the bytes of a row's cfa. −1 = they do not fit. */
static int64_t deref_cfa(const Dwarf_Op *ops, size_t n, int64_t offset)
{
	int64_t add = 0;

	if (n < 1 || n > 2 || ops[0].atom != DW_OP_deref || (n == 2 && ops[1].atom != DW_OP_plus_uconst))
		return -1;
	if (n == 2)
		add = ops[1].number;
	if (offset % 8 || add % 8 || add < 0 || add / 8 > UINT8_MAX || offset / 8 < INT8_MIN || offset / 8 > INT8_MAX)
		return -1;
	return add / 8 << 8 | (offset / 8 & 0xff);
}

/* rsp + offset + register × 8, the three in any order of these two: OpenSSL's Montgomery multiplication. */
static int indexed(const Dwarf_Op *ops, int64_t *offset)
{
	int64_t none;
	int index = base_register(&ops[1], &none);

	if (base_register(&ops[0], offset) != RSP || index < 0 || none || literal(&ops[2]) != 8)
		return -1;
	return ops[3].atom == DW_OP_mul && ops[4].atom == DW_OP_plus ? index : -1;
}

static struct rp_row expression_row(Dwarf_Frame *frame, const Dwarf_Op *ops, size_t n)
{
	int64_t offset, cfa;
	int reg;

	if (is_plt(ops, n, &cfa))
		return row_of(RP_ROW_PLT, cfa, 0);
	reg = n ? base_register(&ops[0], &offset) : -1;
	if (reg == RSP && (cfa = deref_cfa(ops + 1, n - 1, offset)) >= 0)
		return plain_row(frame, RP_ROW_DEREF_RSP, cfa);
	if (reg == RBP && (cfa = deref_cfa(ops + 1, n - 1, offset)) >= 0)
		return plain_row(frame, RP_ROW_DEREF_RBP, cfa);
	if (n > 5 && (reg = indexed(ops, &offset)) >= 0 && (cfa = deref_cfa(ops + 5, n - 5, offset)) >= 0)
		return register_row(frame, RP_ROW_DEREF_INDEXED, reg, cfa);
	return lost();
}

static struct rp_row cfa_row(Dwarf_Frame *frame)
{
	Dwarf_Op *ops;
	int64_t offset;
	size_t n;
	int reg;

	if (dwarf_frame_cfa(frame, &ops, &n) || !n)
		return lost();
	reg = n == 1 ? base_register(&ops[0], &offset) : -1;
	if (reg < 0)
		return expression_row(frame, ops, n);
	if (offset % 8)
		return lost();
	if (reg == RSP)
		return rsp_row(frame, offset / 8);
	if (reg == RBP)
		return plain_row(frame, RP_ROW_RBP, offset / 8);
	return register_row(frame, RP_ROW_REGISTER, reg, offset / 8);
}

/* The handler returned into the C library, which asks the kernel to restore what is in the ucontext. */
static struct rp_row signal_row(Dwarf_Frame *frame)
{
	struct place rip = place_of(frame, RIP);
	int64_t ucontext = rip.kind == AT_REGISTER && rip.reg == RSP ? rip.offset - UCONTEXT_RIP : 0;

	return ucontext >= 0 && ucontext % 8 == 0 && ucontext / 8 <= UINT16_MAX ? row_of(RP_ROW_SIGNAL, ucontext / 8, 0) : lost();
}

struct rp_row frame_row(Dwarf_Frame *frame, bool signal)
{
	struct place rip;
	struct rp_row row;

	if (signal)
		return signal_row(frame);
	rip = place_of(frame, RIP);
	if (rip.kind == UNDEFINED)
		return row_of(RP_ROW_END, 0, 0);
	row = cfa_row(frame);
	if (rip.kind == AT_CFA && rip.offset == -8)
		return row;
	if (rip.kind == IN_REGISTER && rip.reg == RDI && (row.rule & 15) == RP_ROW_RSP)
		return row_of(RP_ROW_VFORK, row.cfa, 0);
	return lost();
}
