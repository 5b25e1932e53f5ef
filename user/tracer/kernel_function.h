/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions of the running kernel. */
#ifndef REQPROF_KERNEL_FUNCTION_H
#define REQPROF_KERNEL_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_function {
	const char *name;
	uint64_t address;       /* 0 = not found, or /proc/kallsyms shows no addresses */
};

/* Find them, static ones included, in one reading of /proc/kallsyms, up to the last one. (libbpf's own look-up, for __ksym, reads it to its end.) */
void kernel_functions(struct kernel_function *functions, size_t n);

#endif
