/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Symbols as their language writes them. */
#ifndef REQPROF_DEMANGLE_H
#define REQPROF_DEMANGLE_H

#include <stddef.h>

#define DEMANGLE_INPUT_MAX 4096 /* longer names are not demangled */
#define DEMANGLED_MAX 1024      /* bytes of a result; longer ones are cut, "…" at their end */

struct demangled {
	char text[DEMANGLED_MAX + 1];
};

/* C++ and Rust (v0 and legacy, without its hash) demangled, without parameter lists; any other name as it is. A symbol version
 * (@GLIBC_…) is cut. `name` ends at `len` or at a NUL byte and may be hostile: time and memory are bounded. Returns ret->text. */
const char *demangle(const char *name, size_t len, struct demangled *ret);

#endif
