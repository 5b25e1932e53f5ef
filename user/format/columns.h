/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text in columns: widths count characters, not bytes. */
#ifndef REQPROF_COLUMNS_H
#define REQPROF_COLUMNS_H

#include <stdio.h>

size_t columns_of(const char *s);

/* Padded to `width`, on the right or (put_right) on the left; a longer text is put as it is. */
void put_left(FILE *f, const char *s, size_t width);
void put_right(FILE *f, const char *s, size_t width);
void put_repeated(FILE *f, const char *s, size_t n);

/* At most `width` columns of the text, a longer one ends in "…". */
void put_cut(FILE *f, const char *s, size_t width);

/* The text from column `column` on, broken at spaces (longer words anywhere) before `width`; further lines begin at column `indent`.
 * Ends with a newline. */
void put_wrapped(FILE *f, const char *s, size_t column, size_t indent, size_t width);

#endif
