/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Base64 (RFC 4648 §4, with padding, without line breaks). */
#ifndef REQPROF_BASE64_H
#define REQPROF_BASE64_H

#include <stddef.h>
#include <stdio.h>

/* Errors are the stream's (ferror). */
void base64_write(FILE *f, const void *data, size_t n);

#endif
