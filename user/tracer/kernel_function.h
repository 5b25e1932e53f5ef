/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef REQPROF_KERNEL_FUNCTION_H
#define REQPROF_KERNEL_FUNCTION_H

#include <stdint.h>

/* Address of a function of the kernel, static ones included; 0 = not found, or /proc/kallsyms shows no addresses. (libbpf's own look-up, for
 * __ksym, reads the file to its end: 45 ms instead of 16.) */
uint64_t kernel_function(const char *name);

#endif
