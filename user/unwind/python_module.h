/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an ELF file tells of the CPython in it: an executable, or libpython. Addresses are the file's. */
#ifndef REQPROF_PYTHON_MODULE_H
#define REQPROF_PYTHON_MODULE_H

#include "symbol/elf.h"
#include "unwind/code_scan.h"

#define PYTHON_EVALS_MAX 32

enum python_module_kind {
	PYTHON_MODULE_NONE,
	PYTHON_MODULE_CPYTHON,
	PYTHON_MODULE_STUB,     /* the executable `python`, whose interpreter is in libpython */
	PYTHON_MODULE_OTHER,    /* another implementation */
};

struct python_module {
	enum python_module_kind kind;
	uint32_t version;       /* PY_VERSION_HEX, its low bytes 0 if only 3.N is known; 0 = unknown */
	bool debug;             /* built with Py_DEBUG */
	bool free_contexts;     /* the version's offset of the list of free contexts is the one that the code uses */
	uint64_t runtime;       /* _PyRuntime */
	uint64_t code_type, coroutine_type; /* PyCode_Type, PyCoro_Type; 0 = unknown */
	struct code_range eval[PYTHON_EVALS_MAX]; /* the evaluation loop, with its cold parts and clones */
	size_t n_eval;
	uint64_t context_type, new_context, copy_of_context; /* PyContext_Type, PyContext_New, PyContext_Copy; 0 = unknown */
	uint64_t copy_context;  /* where a probe of PyContext_CopyCurrent goes, 0 = unknown */
	bool inside;            /* the stack pointer has moved by then */
};

/* path: of the file, in the target. */
void python_module_read(const struct elf_file *elf, const char *path, struct python_module *ret);

#endif
