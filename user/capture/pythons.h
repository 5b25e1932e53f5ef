/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interpreters of the processes that are followed, as far as they run CPython: found (unwind/python.h), handed to the tracer, and asked for the
 * names of their frames. Part of the process that finds names.
 */
#ifndef REQPROF_PYTHONS_H
#define REQPROF_PYTHONS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "reqprof.h"
#include "symbol/memory.h"
#include "symbol/symbolizer.h"

/* Who takes what the BPF side needs. fd: sealed memory (base/protocol.h, struct msg_python), which stays the caller's; −1 = the process has no
 * interpreter, or none any more. text: its name and version, or why its frames cannot be had, or empty. 0 or −errno. */
struct pythons_sink {
	void *ctx;
	int (*python)(void *ctx, int pid, int fd, const char *text);
};

/* What went wrong with a stack. */
struct stack_faults {
	uint32_t unread;        /* Python frames whose code is gone, or could not be read */
	uint32_t inexact;       /* 1: native and Python frames do not agree */
};

struct pythons;

/* The symbolizer and the watch (symbolizer.h; may be NULL) must outlive it. */
struct pythons *pythons_new(struct symbolizer *symbols, const struct memory *memory, const struct pythons_sink *sink, const struct file_watch *watch);
void pythons_free(struct pythons *ps); /* NULL is fine */

/* The mappings of a process were read (symbolizer_add_process): look for its interpreter, unless it is known, and hand it over. One that is only
 * starting is looked for again at the next call. pid 0: all that were asked about before. */
void pythons_update(struct pythons *ps, int pid);

/* Was it asked about the process? */
bool pythons_has(const struct pythons *ps, int pid);

/* The process is over, or runs another program. */
void pythons_forget(struct pythons *ps, int pid);

/* Read a code object now: it may be gone when its name is asked for. */
void pythons_code(struct pythons *ps, int pid, uint64_t code, uint32_t check);

/* Take one that the kernel side has read. An event that was checked (events.h). */
void pythons_take_code(struct pythons *ps, const struct rp_python_code *code);

/* symbolizer_stack() with the stack's Python frames among the native ones. */
struct stack_faults pythons_stack(struct pythons *ps, const struct symbol_stack *stack, void (*frame)(void *ctx, const struct symbol_frame *frame),
				  void *ctx);

#endif
