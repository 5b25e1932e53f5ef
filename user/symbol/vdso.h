/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The code that the kernel maps into every process. All processes of a kernel have the same, so this one's own is read. */
#ifndef REQPROF_VDSO_H
#define REQPROF_VDSO_H

#include "symbol/elf.h"

/* Its ELF image, NULL = there is none. */
struct elf_file *vdso_open(void);

#endif
