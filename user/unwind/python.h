/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The CPython of a process, 3.8 to 3.15 on x86_64: where its state is and how it is laid out, so that frames can be walked; where its evaluation
 * loop is, so that native frames can be told from Python's. From ELF files and memory that may be hostile: what is found is verified by walking
 * it once.
 */
#ifndef REQPROF_PYTHON_H
#define REQPROF_PYTHON_H

#include <linux/types.h>
#include <stdbool.h>

#include "reqprof.h"
#include "symbol/maps.h"
#include "symbol/memory.h"
#include "symbol/symbolizer.h"
#include "unwind/code_scan.h"
#include "unwind/python_module.h"

#define PYTHON_TEXTS_MAX 16
#define PYTHON_FRESH_CONTEXTS 4

/* What was learned of files, each read once. */
struct python_modules;

/* watch: symbolizer.h, told of the files that are read; may be NULL. It must outlive them. */
struct python_modules *python_modules_new(const struct file_watch *watch);
void python_modules_free(struct python_modules *modules); /* NULL is fine */

/* Ranges are addresses in the process. */
struct python_runtime {
	struct rp_python offsets;
	uint32_t version;       /* PY_VERSION_HEX; up to 3.10 without its low bytes */
	char *module;           /* path of the interpreter: the executable, or libpython */
	struct code_range eval[PYTHON_EVALS_MAX]; /* the evaluation loop's code; none if it cannot be told from other code */
	size_t n_eval;
	struct code_range texts[PYTHON_TEXTS_MAX]; /* mappings of the interpreter's code, and of the executable that only starts it */
	size_t n_texts;
	uint64_t copy_context;  /* an instruction that each call of PyContext_CopyCurrent runs once: its offset in the file; 0 = unknown */
	struct code_range copy_context_mapping; /* the mapping that shows it */
	uint64_t fresh_contexts[PYTHON_FRESH_CONTEXTS]; /* the same for what makes others, in the same mapping (python_context.h) */
	uint64_t queue_put;     /* SimpleQueue.put(), the same way (python_queue.h); 0 = not found, or its module is not loaded yet */
	struct code_range queue_put_mapping;
	bool has_no_queue;      /* the interpreter itself has been looked through in vain */
};

/* Find it in the mappings of a process whose files are open (process_maps.h). 1: found, to be cleared. 0: there is none; −EAGAIN: it is starting
 * or ending; −EOPNOTSUPP: it is one that cannot be walked; −errno: its memory cannot be read. For 0 and below *ret_why is NULL or a reason, the
 * caller's. */
int python_find(struct python_modules *modules, const struct maps *maps, const struct memory *memory, int pid, struct python_runtime *ret,
		char **ret_why);
/* "CPython 3.11.2"; the caller frees it. */
char *python_runtime_name(const struct python_runtime *runtime);
void python_runtime_clear(struct python_runtime *runtime);

/* Is this the evaluation loop's code, or at least the interpreter's? */
bool python_is_eval(const struct python_runtime *runtime, uint64_t address);
bool python_is_interpreter(const struct python_runtime *runtime, uint64_t address);

#endif
