/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of Python frames: the code objects of processes, each read once, or taken from a copy that was made while it ran. Another object may take the
 * address of one that is gone, so a frame carries a check of the one that it ran (rp_python_check), and what is read must agree.
 */
#ifndef REQPROF_PYTHON_CODE_H
#define REQPROF_PYTHON_CODE_H

#include <linux/types.h>

#include "reqprof.h"
#include "symbol/memory.h"

struct python_codes;

/* What a frame was at; the strings are the cache's, until the next question. */
struct python_code_place {
	const char *function;   /* qualified name where the version has it; never NULL */
	const char *file;       /* as compiled, NULL = unknown */
	const char *package;    /* python_package.h, NULL = none */
	uint32_t line;          /* that is executed, 0 = unknown */
	uint32_t first_line;    /* of the function, 0 = unknown */
};

struct python_codes *python_codes_new(void);
void python_codes_free(struct python_codes *codes); /* NULL is fine */

/* Read the code object of a frame, if it is not known yet. 0; −ESTALE: another one is there now; −errno: it cannot be read, or is nonsense. Then the
 * place says so in its function's name, and nothing else. */
int python_code_find(struct python_codes *codes, const struct memory *memory, int pid, const struct rp_python *python,
		     const struct rp_python_frame *frame, struct python_code_place *ret);

/* The same from a copy that the kernel side has made; bytes: of its parts, as many as it says. What it lacks is read now. 0, or as above: then it is
 * left for when it is asked for. */
int python_code_take(struct python_codes *codes, const struct memory *memory, int pid, const struct rp_python *python,
		     const struct rp_python_code *code, const uint8_t *bytes);

/* The process is gone, or has another program. */
void python_codes_forget(struct python_codes *codes, int pid);

#endif
