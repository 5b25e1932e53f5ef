/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One stack of native and Python frames. An evaluation loop (_PyEval_EvalFrameDefault) on the native stack stands for the Python frames that it runs,
 * up to the one that it was entered for; the k-th loop, counted from the inside, for the k-th such run of frames. They take its place. The
 * interpreter's own frames, which are how one loop came to the other, are left out, and so is what started it; what it does inside of the innermost
 * Python frame stays if it has a name that says something. Frames of C extensions, of libc and of the kernel stay where they are.
 *
 * Where the counts differ (a native stack that is cut off, two interpreters on one thread), loops and runs are paired from the inside, Python frames
 * that are left over are put outside of all others, and native ones that are left over stay: no frame is made up, none of Python's is lost.
 */
#ifndef REQPROF_PYTHON_STACK_H
#define REQPROF_PYTHON_STACK_H

#include <stddef.h>
#include <stdint.h>

#include "symbol/symbolizer.h"
#include "unwind/python.h"

/* Of either half; the rest is as if it were not there. */
#define PYTHON_STACK_MAX 512

/* Frames come out the outermost first. */
struct python_stack_sink {
	void *ctx;
	void (*native)(void *ctx, const struct symbol_frame *frame);
	void (*python)(void *ctx, const struct rp_python_frame *frame);
};

struct python_stack {
	const struct rp_python_frame *frames;
	const struct python_stack_sink *sink;
	size_t n_kernel;        /* of the native addresses, which come first */
	uint16_t use[PYTHON_STACK_MAX]; /* of each user address */
	uint16_t runs[PYTHON_STACK_MAX + 1]; /* where each run of Python frames begins; behind the last one, where it ends */
	size_t n_use, n_runs;
	bool inexact;           /* the counts differed */
	uint32_t replaced;      /* the last address in whose place Python frames were put */
};

/* Decide what becomes of the frames of `stack`, and give those that are outside of all native ones. frames: Python's, innermost first; one whose code
 * is 0 says only that a loop runs none. What it is given must outlive it. */
void python_stack_begin(struct python_stack *s, const struct python_runtime *runtime, const struct symbol_stack *stack,
			const struct rp_python_frame *frames, size_t n, const struct python_stack_sink *sink);

/* A native frame of the stack, in the order in which symbolizer_stack() calls; ctx: the struct python_stack. */
void python_stack_native(void *ctx, const struct symbol_frame *frame);

#endif
