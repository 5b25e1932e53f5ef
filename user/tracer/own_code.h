/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions of this program that are probed to try something out. */
#ifndef REQPROF_OWN_CODE_H
#define REQPROF_OWN_CODE_H

#include <stdint.h>

/* Where code of this process is in its file: 0 = not known. */
uint64_t own_code_offset(const void *code);

#endif
