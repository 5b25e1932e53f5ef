/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Python frames of a thread, by the offsets that the BPF programs get and by their rules. */
#ifndef REQPROF_PYTHON_WALK_H
#define REQPROF_PYTHON_WALK_H

#include <linux/types.h>

#include "reqprof.h"
#include "symbol/memory.h"

/* The state of the thread whose fs base this is; 0 = it has none. */
uint64_t python_walk_thread(const struct memory *m, int pid, const struct rp_python *p, uint64_t fs_base);

/* Its frames, innermost first, at most `max`. Their number or −errno. */
int python_walk(const struct memory *m, int pid, const struct rp_python *p, uint64_t thread, struct rp_python_frame *frames, int max);

#endif
