/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's functions, from /proc/kallsyms. */
#ifndef REQPROF_KERNEL_H
#define REQPROF_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_symbols;

/* Reads the file from its start; fd −1 or addresses that are all zero (kernel.kptr_restrict): no symbols. fd stays open. */
struct kernel_symbols *kernel_symbols_read(int fd);
void kernel_symbols_free(struct kernel_symbols *k);

struct kernel_symbol {
	const char *name;       /* NULL = unknown */
	const char *module;     /* "kernel", or the kernel module's name */
};

/* The strings live as long as `k`. */
struct kernel_symbol kernel_symbols_find(const struct kernel_symbols *k, uint64_t address);

#endif
