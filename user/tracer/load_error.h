/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which BPF program the kernel refused, and why, from what libbpf prints. */
#ifndef REQPROF_LOAD_ERROR_H
#define REQPROF_LOAD_ERROR_H

#include <bpf/libbpf.h>
#include <stdarg.h>

/* For libbpf_set_print(). What libbpf says goes to standard error with -v only. Any thread may call it. */
int load_error_print(enum libbpf_print_level level, const char *format, va_list args);

/* "PROGRAM: the last thing that the verifier said", of the first program that was refused; "" if none was. */
const char *load_error(void);

#endif
