/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Call frame instructions that ask for much.
 *
 * links: unwind/cfa_program.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <dwarf.h>

#include "unwind/cfa_program.h"

#define BOUNDED(...) bounded((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static bool bounded(const uint8_t *program, size_t n)
{
	unsigned int states = 0;

	return cfa_program_bounded(program, program + n, 4, &states);
}

static void real_ones(void **state)
{
	(void)state;
	/* What gcc writes for a function that saves rbp and rbx, with its epilogue. */
	assert_true(BOUNDED(DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset, 16, DW_CFA_offset | 6, 2, DW_CFA_advance_loc1, 0x70, DW_CFA_def_cfa_register, 6,
			    DW_CFA_offset | 3, 3, DW_CFA_advance_loc2, 0, 4, DW_CFA_remember_state, DW_CFA_restore | 6, DW_CFA_def_cfa, 7, 8,
			    DW_CFA_restore_state, DW_CFA_nop, DW_CFA_nop));
	/* OpenSSL's CFA by expression, and rbp by one. */
	assert_true(BOUNDED(DW_CFA_def_cfa_expression, 6, DW_OP_breg7, 0x98, 1, DW_OP_deref, DW_OP_plus_uconst, 8));
	assert_true(BOUNDED(DW_CFA_expression, 6, 2, DW_OP_breg6, 0));
	assert_true(BOUNDED(DW_CFA_GNU_args_size, 0x90, 1, DW_CFA_set_loc, 1, 2, 3, 4, DW_CFA_advance_loc4, 1, 2, 3, 4));
	assert_true(BOUNDED(DW_CFA_undefined, 16, DW_CFA_register, 16, 5, DW_CFA_same_value, 6));
	assert_true(bounded(NULL, 0));
}

static void high_registers(void **state)
{
	(void)state;
	assert_true(BOUNDED(DW_CFA_undefined, 0xff, 1));
	assert_false(BOUNDED(DW_CFA_undefined, 0x80, 2));
	assert_false(BOUNDED(DW_CFA_offset_extended, 0xff, 0xff, 0xff, 0x7f, 1));
	assert_false(BOUNDED(DW_CFA_def_cfa, 0xff, 0xff, 0xff, 0x7f, 8));
	assert_false(BOUNDED(DW_CFA_register, 6, 0xff, 0xff, 0x7f));
	assert_false(BOUNDED(DW_CFA_val_expression, 0xff, 0xff, 3, 1, DW_OP_lit0));
	/* More than 10 bytes. */
	assert_true(BOUNDED(DW_CFA_same_value, 0x86, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0));
	assert_false(BOUNDED(DW_CFA_same_value, 0x86, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0));
}

static void many_states(void **state)
{
	uint8_t program[200];
	unsigned int states = 0;

	(void)state;
	memset(program, DW_CFA_remember_state, sizeof program);
	assert_true(bounded(program, 64));
	assert_false(bounded(program, 65));
	memset(program, DW_CFA_restore_state, sizeof program);
	assert_true(bounded(program, sizeof program));
	for (size_t i = 0; i < sizeof program; i += 2)
		program[i] = DW_CFA_remember_state;
	assert_true(bounded(program, sizeof program));
	/* Those of the CIE are counted with the FDE's. */
	memset(program, DW_CFA_remember_state, sizeof program);
	assert_true(cfa_program_bounded(program, program + 40, 8, &states));
	assert_int_equal(states, 40);
	assert_false(cfa_program_bounded(program, program + 25, 8, &states));
}

static void cut_short(void **state)
{
	(void)state;
	assert_false(BOUNDED(DW_CFA_advance_loc1));
	assert_false(BOUNDED(DW_CFA_advance_loc4, 1, 2, 3));
	assert_false(BOUNDED(DW_CFA_set_loc, 1, 2, 3));
	assert_false(BOUNDED(DW_CFA_def_cfa, 7));
	assert_false(BOUNDED(DW_CFA_def_cfa_offset, 0x80));
	assert_false(BOUNDED(DW_CFA_offset | 6));
	assert_false(BOUNDED(DW_CFA_def_cfa_expression, 2, DW_OP_lit0));
	assert_false(BOUNDED(DW_CFA_expression, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, DW_OP_lit0));
}

static void augmentation(void **state)
{
	static const uint8_t bytes[] = {2, 1, 1, DW_CFA_nop};
	const uint8_t *at = bytes;

	(void)state;
	assert_true(cfa_program_skip_augmentation(&at, bytes + sizeof bytes));
	assert_ptr_equal(at, bytes + 3);
	at = bytes;
	assert_false(cfa_program_skip_augmentation(&at, bytes + 2));
	at = bytes;
	assert_false(cfa_program_skip_augmentation(&at, bytes));
}

static void unknown(void **state)
{
	(void)state;
	assert_false(BOUNDED(0x17));
	assert_false(BOUNDED(0x3f));
	assert_false(BOUNDED(DW_CFA_nop, 0x30, DW_CFA_nop));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_ones),   cmocka_unit_test(high_registers), cmocka_unit_test(many_states),
		cmocka_unit_test(cut_short),   cmocka_unit_test(augmentation),  cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
