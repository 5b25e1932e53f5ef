/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes of the target for a terminal: nothing in them may move the cursor, reorder text or end a line. Pure. */
#ifndef REQPROF_BASE_PRINTABLE_H
#define REQPROF_BASE_PRINTABLE_H

#include <stddef.h>

/* The n bytes with control characters, invalid UTF-8 and bidirectional overrides as \xNN, cut with "…" to at most max_columns characters
 * (0 = not cut). The caller frees it. */
char *printable(const char *s, size_t n, size_t max_columns);

#endif
