/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/debug_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define LOCAL_DIRECTORY "/usr/lib/debug/"

static int open_local(const uint8_t *build_id, size_t len)
{
	char path[sizeof LOCAL_DIRECTORY + 32 + 2 * BUILD_ID_MAX];
	size_t at = snprintf(path, sizeof path, LOCAL_DIRECTORY ".build-id/%02x/", build_id[0]);

	for (size_t i = 1; i < len; i++)
		at += snprintf(path + at, sizeof path - at, "%02x", build_id[i]);
	snprintf(path + at, sizeof path - at, ".debug");
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Takes the descriptor. */
static struct elf_file *open_if_same(int fd, const uint8_t *build_id, size_t len)
{
	_cleanup_close_ int owned = fd;
	struct elf_file *f = owned < 0 ? NULL : elf_file_open(owned);

	if (f && f->build_id_len == len && !memcmp(f->build_id, build_id, len))
		return f;
	elf_file_close(f);
	return NULL;
}

struct elf_file *debug_file_open(const struct asked *asked, const uint8_t *build_id, size_t len)
{
	struct elf_file *f;

	if (len < 2 || len > BUILD_ID_MAX)
		return NULL;
	f = open_if_same(asked->source->open_debug(asked->source->ctx, asked->pid, build_id, len), build_id, len);
	return f ? f : open_if_same(open_local(build_id, len), build_id, len);
}

/* Distributions name it by path: only where nobody but root can have put it. */
static int open_named(const char *name)
{
	if (strncmp(name, LOCAL_DIRECTORY, sizeof LOCAL_DIRECTORY - 1) || strstr(name, "/../"))
		return -1;
	return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* The section .gnu_debugaltlink holds a name, a NUL byte and the build-id. */
static Elf_Data *alt_link(Elf *elf)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr h;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name = gelf_getshdr(scn, &h) ? elf_strptr(elf, names, h.sh_name) : NULL;

		if (name && !strcmp(name, ".gnu_debugaltlink"))
			return elf_rawdata(scn, NULL);
	}
	return NULL;
}

bool debug_file_open_alt(const struct asked *asked, Elf *elf, struct elf_file **ret)
{
	Elf_Data *link = alt_link(elf);
	const char *name = link ? link->d_buf : NULL;
	const uint8_t *id = name ? memchr(name, 0, link->d_size) : NULL;
	size_t len;

	*ret = NULL;
	if (!link)
		return true;
	if (!id)
		return false;
	len = (const uint8_t *)name + link->d_size - ++id;
	*ret = debug_file_open(asked, id, len);
	if (!*ret)
		*ret = open_if_same(open_named(name), id, len);
	return *ret;
}
