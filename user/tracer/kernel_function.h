/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions of the running kernel. */
#ifndef REQPROF_KERNEL_FUNCTION_H
#define REQPROF_KERNEL_FUNCTION_H

#include <stdint.h>

/* The address of a function, static ones included, 0 = not found, or /proc/kallsyms shows no addresses. That is read up to its line only. (libbpf's
 * own look-up, for __ksym, reads it to its end.) */
uint64_t kernel_function(const char *name);

#endif
