/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/python_stack.h"

#include <fnmatch.h>

#include "base/cleanup.h"

/* What becomes of a native address: one of these, or RUN + the number of the run of Python frames that takes its place. */
enum { KEPT, LEFT_OUT, KEPT_IF_NAMED, RUN };

/* ---- Python frames --------------------------------------------------------------------------------------------------------- */

static void find_runs(struct python_stack *s, size_t n)
{
	s->n_runs = 0;
	s->runs[0] = 0;
	for (size_t i = 0; i < n; i++)
		if (s->frames[i].instr & RP_PYTHON_ENTRY || i + 1 == n)
			s->runs[++s->n_runs] = i + 1;
}

static void give_run(const struct python_stack *s, size_t run)
{
	for (size_t i = s->runs[run + 1]; i-- > s->runs[run];)
		if (s->frames[i].code)
			s->sink->python(s->sink->ctx, &s->frames[i]);
}

/* ---- native frames --------------------------------------------------------------------------------------------------------- */

/* Where the address was called, or interrupted. */
static uint64_t looked_up(const struct symbol_stack *stack, size_t i)
{
	uint64_t address = stack->addresses[stack->n_kernel + i];

	return address - (i || !stack->user_exact);
}

static size_t find_loops(const struct python_runtime *runtime, const struct symbol_stack *stack, size_t n, uint16_t *ret)
{
	size_t n_loops = 0;

	for (size_t i = 0; i < n; i++)
		if (python_is_eval(runtime, looked_up(stack, i)))
			ret[n_loops++] = i;
	return n_loops;
}

/* The innermost loop is just being entered, or left: its frame is not there yet, or not any more. What such a loop calls, to make a frame or to free
 * what one had, stays. */
static bool is_between_frames(const struct python_stack *s, size_t n_loops, size_t n_frames)
{
	return n_loops == s->n_runs + 1 && n_frames && s->frames[n_frames - 1].instr & RP_PYTHON_ENTRY;
}

/* How the interpreter's own frames from `begin` to `end` are used. */
static void use_interpreters(struct python_stack *s, const struct python_runtime *runtime, const struct symbol_stack *stack, size_t begin, size_t end,
			     uint16_t use)
{
	for (size_t i = begin; i < end; i++)
		if (python_is_interpreter(runtime, looked_up(stack, i)))
			s->use[i] = use;
}

static void pair(struct python_stack *s, const struct python_runtime *runtime, const struct symbol_stack *stack, const uint16_t *loops,
		 size_t n_loops)
{
	size_t pairs = n_loops < s->n_runs ? n_loops : s->n_runs;
	size_t last = pairs ? loops[pairs - 1] : 0;

	if (!pairs)
		return;
	use_interpreters(s, runtime, stack, 0, loops[0], KEPT_IF_NAMED);
	use_interpreters(s, runtime, stack, loops[0], last, LEFT_OUT);
	if (n_loops <= s->n_runs)
		use_interpreters(s, runtime, stack, last, s->n_use, LEFT_OUT);
	for (size_t i = 0; i < pairs; i++)
		s->use[loops[i]] = RUN + i;
}

void python_stack_begin(struct python_stack *s, const struct python_runtime *runtime, const struct symbol_stack *stack,
			const struct rp_python_frame *frames, size_t n, const struct python_stack_sink *sink)
{
	uint16_t loops[PYTHON_STACK_MAX];
	size_t n_loops, first;

	*s = (struct python_stack){.frames = frames, .sink = sink, .n_kernel = stack->n_kernel, .replaced = UINT32_MAX};
	s->n_use = stack->n_user < PYTHON_STACK_MAX ? stack->n_user : PYTHON_STACK_MAX;
	n = n < PYTHON_STACK_MAX ? n : PYTHON_STACK_MAX;
	find_runs(s, n);
	n_loops = find_loops(runtime, stack, s->n_use, loops);
	first = is_between_frames(s, n_loops, n);
	n_loops -= first;
	s->inexact = n_loops != s->n_runs;
	pair(s, runtime, stack, loops + first, n_loops);
	if (first)
		s->use[loops[0]] = LEFT_OUT;
	for (size_t run = s->n_runs; run-- > n_loops;)
		give_run(s, run);
}

/* How the interpreter calls, which says nothing about what is called. Names of 3.8 to 3.15, with what compilers put behind them. */
static bool is_glue(const char *function)
{
	static const char *const patterns[] = {
		"*ectorcall*", "_PyEval_*", "PyEval_*", "PyObject_Call*", "_PyObject_Call*", "_PyObject_MakeTpCall*", "_PyObject_FastCall*",
		"object_vacall*", "_PyFunction_*", "function_code_fastcall*", "call_function*", "do_call_core*", "method_*", "slot_*", "wrapperdescr_*",
		"wrapper_call*", "wrap_*", "cfunction_*", "_PyCFunction*", "PyCFunction_*", "_PyMethodDef_*", "type_call*", "gen_send_ex*",
		"gen_iternext*", "gen_close*", "_gen_throw*", "_PyGen_*", "PyIter_Send*", "call_method*", "callmethod*", "call_unbound*", "lookup_*",
		"_TAIL_CALL_*", "_Py_BuiltinCall*",
	};

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		if (!fnmatch(patterns[i], function, 0))
			return true;
	return false;
}

void python_stack_native(void *ctx, const struct symbol_frame *frame)
{
	struct python_stack *s = ctx;
	uint32_t at = frame->at - (uint32_t)s->n_kernel;
	uint16_t use = frame->at < s->n_kernel || at >= s->n_use ? KEPT : s->use[at];

	if (use >= RUN) {
		if (s->replaced != at) /* once, whatever is inlined there */
			give_run(s, use - RUN);
		s->replaced = at;
	} else if (use == KEPT || (use == KEPT_IF_NAMED && !frame->unnamed && !is_glue(frame->function))) {
		s->sink->native(s->sink->ctx, frame);
	}
}
