/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *p)
{
	if (p)
		return p;
	fputs("reqprof: out of memory\n", stderr);
	_exit(1);
}

void *xcalloc(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n, size_t size)
{
	return checked(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return checked(strndup(s, n));
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *s = NULL;
	int n;

	va_start(args, format);
	n = vasprintf(&s, format, args);
	va_end(args);
	return checked(n < 0 ? NULL : s);
}
