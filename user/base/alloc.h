/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Allocation that does not fail: out of memory ends the process with a message (a command-line tool has nothing better to do). */
#ifndef REQPROF_ALLOC_H
#define REQPROF_ALLOC_H

#include <stddef.h>

void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size); /* n × size bytes, overflow checked */
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Make room for one more element in a growing array: `array` and `cap` are lvalues. */
#define GROW(array, len, cap)                                                              \
	do {                                                                               \
		if ((len) == (cap)) {                                                      \
			(cap) = (cap) ? (cap) * 2 : 16;                                    \
			(array) = xrealloc((array), (cap), sizeof *(array));               \
		}                                                                          \
	} while (0)

#endif
