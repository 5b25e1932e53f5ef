/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strings and bytes of CPython, read from a process (CPython: Include/cpython/unicodeobject.h, bytesobject.h). version: 0x0308 … */
#ifndef REQPROF_PYTHON_STRING_H
#define REQPROF_PYTHON_STRING_H

#include "symbol/memory.h"

#define PYTHON_STRING_MAX 1024   /* bytes of UTF-8; longer ones are cut */
#define PYTHON_BYTES_MAX 65536

/* A str as UTF-8 that ends with a NUL byte; what UTF-8 cannot say (lone surrogates, NUL) becomes U+FFFD. 0, −EBADMSG: it is no string, or −errno. */
int python_string_read(const struct memory *memory, int pid, uint16_t version, uint64_t address, char ret[PYTHON_STRING_MAX + 1]);

/* A bytes object into *ret, the caller's. 0, −EBADMSG: it is none, or has more than PYTHON_BYTES_MAX, or −errno. */
int python_bytes_read(const struct memory *memory, int pid, uint64_t address, uint8_t **ret, size_t *ret_n);

#endif
