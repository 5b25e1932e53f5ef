/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/columns.h"

#include <stdbool.h>
#include <string.h>

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t columns_of_n(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += !continues(s[i]);
	return n;
}

size_t columns_of(const char *s)
{
	return columns_of_n(s, strlen(s));
}

/* Bytes of the first `columns` characters. */
static size_t bytes_of(const char *s, size_t columns)
{
	size_t n = 0;

	for (; s[n]; n++)
		if (!continues(s[n]) && !columns--)
			break;
	return n;
}

void put_repeated(FILE *f, const char *s, size_t n)
{
	while (n--)
		fputs(s, f);
}

void put_left(FILE *f, const char *s, size_t width)
{
	size_t n = columns_of(s);

	fputs(s, f);
	put_repeated(f, " ", n < width ? width - n : 0);
}

void put_right(FILE *f, const char *s, size_t width)
{
	size_t n = columns_of(s);

	put_repeated(f, " ", n < width ? width - n : 0);
	fputs(s, f);
}

void put_cut(FILE *f, const char *s, size_t width)
{
	if (columns_of(s) <= width) {
		fputs(s, f);
		return;
	}
	fwrite(s, 1, bytes_of(s, width ? width - 1 : 0), f);
	fputs("…", f);
}

static void new_line(FILE *f, size_t indent)
{
	fputc('\n', f);
	put_repeated(f, " ", indent);
}

void put_wrapped(FILE *f, const char *s, size_t column, size_t indent, size_t width)
{
	bool gap = false; /* a space stands before this word */

	while (*s) {
		size_t len = strcspn(s, " "), columns = columns_of_n(s, len);

		if (column > indent && column + gap + columns > width) {
			new_line(f, indent);
			column = indent;
			gap = false;
		}
		if (gap)
			fputc(' ', f);
		column += gap;
		if (columns > width - column) { /* longer than a line: as much of it as there is room for */
			columns = width - column;
			len = bytes_of(s, columns);
		}
		fwrite(s, 1, len, f);
		column += columns;
		s += len;
		gap = *s == ' ';
		s += gap;
	}
	fputc('\n', f);
}
