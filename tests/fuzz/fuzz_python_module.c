/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An ELF file that may have CPython in it.
 *
 * links: unwind/python_module.c unwind/python_versions.c unwind/code_scan.c unwind/fde_list.c unwind/frame_row.c unwind/cfa_program.c
 * links: symbol/elf_symbols.c symbol/elf.c symbol/mapped.c base/alloc.c
 */
#include <linux/types.h>
#include <unistd.h>

#include "fuzz.h"
#include "unwind/python_module.h"

static void check(const struct python_module *m)
{
	MUST(m->n_eval <= PYTHON_EVALS_MAX);
	MUST(m->kind != PYTHON_MODULE_CPYTHON || m->runtime);
	MUST(m->kind == PYTHON_MODULE_CPYTHON || (!m->n_eval && !m->copy_context && !m->free_contexts));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);
	struct elf_file *elf = elf_file_open(fd);
	struct python_module module;

	close(fd);
	if (!elf)
		return 0;
	python_module_read(elf, "/usr/bin/python3", &module);
	check(&module);
	elf_file_close(elf);
	return 0;
}
