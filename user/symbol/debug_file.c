/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/debug_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "symbol/debuginfod.h"

#define LOCAL_DIRECTORY "/usr/lib/debug/"
#define UNPACKED_MAX (64U << 20)
#define UNPACK_MEMORY_MAX (256U << 20)

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

static struct elf_file *open_by_build_id(const struct asked *asked, const uint8_t *build_id, size_t len)
{
	struct elf_file *f;

	if (len < 2 || len > BUILD_ID_MAX)
		return NULL;
	f = open_if_same(asked->source->open_debug(asked->source->ctx, asked->pid, build_id, len), build_id, len);
	return f ? f : open_if_same(open_local(build_id, len), build_id, len);
}

/* ---- .gnu_debuglink: a name and the CRC-32 of the file's bytes --------------------------------------------------------- */

/* Takes the descriptor. */
static struct elf_file *open_if_linked(int fd, const struct elf_file *elf, uint32_t crc)
{
	_cleanup_close_ int owned = fd;
	struct elf_file *f = owned < 0 ? NULL : elf_file_open(owned);

	if (!f)
		return NULL;
	if (crc32(0, (const uint8_t *)f->mapped.data, f->mapped.size) == crc && (!f->build_id_len || !elf->build_id_len ||
	    (f->build_id_len == elf->build_id_len && !memcmp(f->build_id, elf->build_id, f->build_id_len))))
		return f;
	elf_file_close(f);
	return NULL;
}

/* On this machine only where nobody but root can have put it. */
static int open_local_link(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	char local[PATH_MAX];
	int n;

	if (*path != '/' || !slash || strstr(path, "/../"))
		return -1;
	n = snprintf(local, sizeof local, LOCAL_DIRECTORY "%.*s/%s", (int)(slash - path - 1), path + 1, name);
	return n < (int)sizeof local ? open(local, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
}

static struct elf_file *open_by_link(const struct asked *asked, const struct elf_file *elf, const char *path)
{
	GElf_Word crc;
	const char *name = dwelf_elf_gnu_debuglink(elf->elf, &crc);
	const struct symbol_source *source = asked->source;
	struct elf_file *f = NULL;

	if (!name || !*name || strchr(name, '/'))
		return NULL;
	for (int place = 0; place < DEBUG_LINK_PLACES && asked->end && !f; place++)
		f = open_if_linked(source->open_debug_link(source->ctx, asked->pid, asked->start, asked->end, name, place), elf, crc);
	return f || !path ? f : open_if_linked(open_local_link(path, name), elf, crc);
}

struct elf_file *debug_file_open(const struct asked *asked, const struct elf_file *elf, const char *path)
{
	struct elf_file *f = open_by_build_id(asked, elf->build_id, elf->build_id_len);

	if (!f)
		f = open_by_link(asked, elf, path);
	if (!f && elf->build_id_len)
		f = open_if_same(debuginfod_open(elf->build_id, elf->build_id_len), elf->build_id, elf->build_id_len);
	return f;
}

/* ---- .gnu_debugaltlink ------------------------------------------------------------------------------------------------- */

/* Distributions name it by path: only where nobody but root can have put it. */
static int open_named(const char *name)
{
	if (strncmp(name, LOCAL_DIRECTORY, sizeof LOCAL_DIRECTORY - 1) || strstr(name, "/../"))
		return -1;
	return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static Elf_Data *section(Elf *elf, const char *wanted)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr h;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name = gelf_getshdr(scn, &h) ? elf_strptr(elf, names, h.sh_name) : NULL;

		if (name && !strcmp(name, wanted) && h.sh_type == SHT_PROGBITS)
			return elf_rawdata(scn, NULL);
	}
	return NULL;
}

/* It holds a name, a NUL byte and the build-id. */
bool debug_file_open_alt(const struct asked *asked, Elf *elf, struct elf_file **ret)
{
	Elf_Data *link = section(elf, ".gnu_debugaltlink");
	const char *name = link ? link->d_buf : NULL;
	const uint8_t *id = name ? memchr(name, 0, link->d_size) : NULL;
	size_t len;

	*ret = NULL;
	if (!link)
		return true;
	if (!id)
		return false;
	len = (const uint8_t *)name + link->d_size - ++id;
	*ret = open_by_build_id(asked, id, len);
	if (!*ret)
		*ret = open_if_same(open_named(name), id, len);
	return *ret;
}

/* ---- .gnu_debugdata ------------------------------------------------------------------------------------------------------ */

static bool unpack(lzma_stream *stream, uint8_t **image, size_t *size)
{
	lzma_ret r = LZMA_OK;

	while (r == LZMA_OK) {
		if (!stream->avail_out) {
			size_t more = *size ? *size : 1 << 16;

			if (*size + more > UNPACKED_MAX)
				return false;
			*image = xrealloc(*image, *size + more, 1);
			stream->next_out = *image + *size;
			stream->avail_out = more;
			*size += more;
		}
		r = lzma_code(stream, LZMA_FINISH);
	}
	*size -= stream->avail_out;
	return r == LZMA_STREAM_END;
}

struct elf_file *debug_file_unpack(const struct elf_file *elf, void **ret_image)
{
	Elf_Data *packed = section(elf->elf, ".gnu_debugdata");
	lzma_stream stream = LZMA_STREAM_INIT;
	struct elf_file *f = NULL;
	uint8_t *image = NULL;
	size_t size = 0;

	*ret_image = NULL;
	if (!packed || !packed->d_buf || lzma_stream_decoder(&stream, UNPACK_MEMORY_MAX, 0) != LZMA_OK)
		return NULL;
	stream.next_in = packed->d_buf;
	stream.avail_in = packed->d_size;
	if (unpack(&stream, &image, &size) && size)
		f = elf_file_from_memory(image, size);
	lzma_end(&stream);
	if (f)
		*ret_image = image;
	else
		free(image);
	return f;
}
