/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel frames that are there only because the stack was taken: the BPF programs and the tracepoint or interrupt that ran them. */
#ifndef REQPROF_PROFILER_FRAMES_H
#define REQPROF_PROFILER_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/kernel.h"

/* How many of the innermost frames to leave out. */
size_t profiler_frames(const struct kernel_symbols *k, const uint64_t *addresses, size_t n);

/* Does this function stand above an exception or interrupt? Then the address above it is where that struck, no return address. */
bool is_interrupt_entry(const char *function);

#endif
