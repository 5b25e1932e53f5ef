/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/vdso.h"

#include <sys/auxv.h>
#include <unistd.h>

/* The image ends with its section headers, and memory after it with the page. */
struct elf_file *vdso_open(void)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	size_t page = sysconf(_SC_PAGESIZE), size;

	if (!header || header->e_ident[EI_CLASS] != ELFCLASS64)
		return NULL;
	size = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
	return elf_file_from_memory(header, (size + page - 1) & ~(page - 1));
}
