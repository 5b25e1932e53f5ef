/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Kernels before 6.13 have one stack of 512 bytes for a program with all that it calls; newer ones give programs like ours a stack of their own and
 * say nothing. So what a program can need is added up here as older ones do (check_max_stack_depth() in kernel/bpf/verifier.c), code that only some
 * of them reach included.
 *
 * links: base/alloc.c tracer/halves.c
 */
#include <bpf/bpf.h>
#include <linux/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "programs.h"

#define LIMIT	  512 /* MAX_BPF_STACK */
#define GRANULE	  32 /* what a function's depth is rounded up to; newer kernels, with a JIT: 16 */
#define CALLS_MAX 8 /* MAX_CALL_FRAMES */
#define FUNCTIONS 256

/* A program's functions, in the order of their instructions. */
struct functions {
	const struct bpf_insn *insns;
	size_t n_insns, n;
	size_t start[FUNCTIONS + 1];
};

static bool is_helper(const struct bpf_insn *insn, int32_t helper)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg && insn->imm == helper;
}

/* The callback of a timer runs later, on a stack of its own. */
static bool is_for_timer(const struct functions *f, size_t at)
{
	while (++at < f->n_insns && f->insns[at].code != (BPF_JMP | BPF_CALL))
		;
	return at < f->n_insns && is_helper(&f->insns[at], BPF_FUNC_timer_set_callback);
}

/* Does the instruction call a function, or hand it to a helper that does? Its first instruction goes to *ret. */
static bool calls(const struct functions *f, size_t at, size_t *ret)
{
	const struct bpf_insn *insn = &f->insns[at];
	bool called = insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;

	*ret = at + 1 + (size_t)(ptrdiff_t)insn->imm;
	return called || (insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC);
}

static int by_place(const void *a, const void *b)
{
	return (*(const size_t *)a > *(const size_t *)b) - (*(const size_t *)a < *(const size_t *)b);
}

static void find_functions(struct functions *f)
{
	size_t *place = xcalloc(f->n_insns + 1, sizeof *place), n = 1;

	for (size_t i = 0; i < f->n_insns; i++)
		n += calls(f, i, &place[n]);
	qsort(place, n, sizeof *place, by_place);
	for (size_t i = 0; i < n; i++) {
		if (f->n && f->start[f->n - 1] == place[i])
			continue;
		assert_true(f->n < FUNCTIONS);
		f->start[f->n++] = place[i];
	}
	f->start[f->n] = f->n_insns;
	free(place);
}

/* The lowest byte below the frame pointer that is read or written, directly or by a register that is made for a helper. */
static unsigned depth_of(const struct functions *f, size_t function)
{
	bool is_stack[16] = {[BPF_REG_10] = true};
	int32_t deep = 0;

	for (size_t i = f->start[function]; i < f->start[function + 1]; i++) {
		const struct bpf_insn *insn = &f->insns[i];
		int class = BPF_CLASS(insn->code), at = class == BPF_LDX ? insn->src_reg : insn->dst_reg;

		if ((class == BPF_LDX || class == BPF_ST || class == BPF_STX) && at == BPF_REG_10 && insn->off < deep)
			deep = insn->off;
		if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) && is_stack[insn->dst_reg]) {
			if (insn->imm < deep)
				deep = insn->imm;
		} else if (class == BPF_ALU64 || class == BPF_ALU || class == BPF_LDX || class == BPF_LD) {
			is_stack[insn->dst_reg] = insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && insn->src_reg == BPF_REG_10;
		}
	}
	return -deep;
}

static size_t function_at(const struct functions *f, size_t insn)
{
	size_t i = 0;

	while (f->start[i] != insn)
		i++;
	return i;
}

static unsigned rounded(unsigned depth)
{
	return depth ? (depth + GRANULE - 1) / GRANULE * GRANULE : GRANULE;
}

/* The deepest stack that a function and what it calls can need; that way down goes to `way`, which ends with SIZE_MAX. */
static unsigned deepest(const struct functions *f, size_t function, unsigned calls_left, size_t *way)
{
	size_t callee, below[CALLS_MAX + 1];
	unsigned deep = 0;

	assert_true(calls_left);
	way[0] = function;
	way[1] = SIZE_MAX;
	for (size_t i = f->start[function]; i < f->start[function + 1]; i++) {
		unsigned callees;

		if (!calls(f, i, &callee) || (f->insns[i].code != (BPF_JMP | BPF_CALL) && is_for_timer(f, i)))
			continue;
		callees = deepest(f, function_at(f, callee), calls_left - 1, below);
		if (callees <= deep)
			continue;
		deep = callees;
		memcpy(way + 1, below, calls_left * sizeof *way);
	}
	return deep + rounded(depth_of(f, function));
}

static bool fits(const struct bpf_program *program)
{
	struct functions f = {.insns = bpf_program__insns(program), .n_insns = bpf_program__insn_cnt(program)};
	size_t way[CALLS_MAX + 1];
	unsigned deep;

	find_functions(&f);
	deep = deepest(&f, 0, CALLS_MAX, way);
	printf("# %s: %u bytes%s:", bpf_program__name(program), deep, deep > LIMIT ? ", too deep" : "");
	for (size_t i = 0; way[i] != SIZE_MAX; i++)
		printf(" %u", depth_of(&f, way[i]));
	printf("\n");
	return deep <= LIMIT;
}

static void stacks_fit_older_kernels(void **state)
{
	struct programs p;
	struct bpf_program *program;
	bool all_fit = true;
	size_t n = 0;

	(void)state;
	programs_open(&p);
	assert_int_equal(reqprof__load(p.skel), 0);
	bpf_object__for_each_program(program, p.skel->obj) {
		all_fit &= fits(program);
		n++;
	}
	programs_close(&p);
	assert_true(n > 20 && all_fit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(stacks_fit_older_kernels)};

	libbpf_set_print(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
