/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every target has (fuzz_NAME.c): libFuzzer calls it, and so does fuzz_main.c, which replays the corpus. */
#ifndef REQPROF_FUZZ_H
#define REQPROF_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Try one input, which stays the caller's and is not written to. Always 0; what is wrong aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
#define MUST(condition) \
	do { \
		if (!(condition)) \
			fuzz_fail(__FILE__, __LINE__, #condition); \
	} while (0)

_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* A descriptor of memory that holds the input; the caller closes it. */
int fuzz_file(const uint8_t *data, size_t size);

#endif
