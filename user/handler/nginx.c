/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a build of nginx keeps what a request is: its own table of variables says it (src/http/ngx_http_variables.c). A row has the name's length,
 * its characters, two functions, and a number: for a variable that is a member of the request, where that is.
 */
#include "handler/nginx.h"

#include <elf.h>
#include <string.h>

#include "symbol/elf_symbols.h"

#define OFFSET_MAX 8192

struct row {
	uint64_t len, name, set, get, data;
};

/* src/http/ngx_http_request.h: request_line, uri, each of 16 bytes; between the status and them are the arrays cache_control and link, up to 1.22 of
 * 40 bytes each, later of 8. The query is a string, which begins with its length (src/core/ngx_string.h). */
#define LINE_BEFORE_URI 16
#define STATUS_BEFORE_LINE(array) (0x158 - 2 * (40 - (array)))

static bool address_of(const struct elf_file *elf, const char *at, uint64_t *ret)
{
	uint64_t offset = at - (const char *)elf->mapped.data;
	const struct segment *s = elf_file_segment(elf, offset, false);

	*ret = s ? offset - s->offset + s->address : 0;
	return s;
}

/* The row whose name is at an address that the dynamic linker fills in. */
static bool row_of(const struct elf_file *elf, const Elf64_Rela *relocations, size_t n, uint64_t name, size_t len, uint64_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *bytes;
		struct row row;

		if ((uint64_t)relocations[i].r_addend != name)
			continue;
		bytes = elf_bytes_at(elf, relocations[i].r_offset - offsetof(struct row, name), sizeof row);
		if (!bytes)
			continue;
		memcpy(&row, bytes, sizeof row);
		if (row.len == len && row.data && row.data < OFFSET_MAX) {
			*ret = row.data;
			return true;
		}
	}
	return false;
}

static bool member(const struct elf_file *elf, const char *variable, uint64_t *ret)
{
	const char *at = elf->mapped.data, *end = at + elf->mapped.size;
	uint64_t address, size, name;
	size_t len = strlen(variable);
	const uint8_t *relocations;

	if (!elf_section_find(elf, ".rela.dyn", &address, &size))
		return false;
	relocations = elf_bytes_at(elf, address, size);
	if (!relocations || (uintptr_t)relocations % _Alignof(Elf64_Rela))
		return false;
	while (at && at < end && (at = memmem(at, end - at, variable, len + 1))) {
		if (address_of(elf, at, &name) &&
		    row_of(elf, (const Elf64_Rela *)relocations, size / sizeof(Elf64_Rela), name, len, ret))
			return true;
		at++;
	}
	return false;
}

bool nginx_layout(const struct elf_file *elf, struct nginx_layout *ret)
{
	uint64_t uri, cache_control, link;

	if (!member(elf, "uri", &uri) || !member(elf, "sent_http_cache_control", &cache_control) || !member(elf, "sent_http_link", &link))
		return false;
	*ret = (struct nginx_layout){.request_line = uri - LINE_BEFORE_URI};
	if (!member(elf, "query_string", &ret->query))
		ret->query = 0;
	ret->status = ret->request_line - STATUS_BEFORE_LINE(link - cache_control);
	return (link - cache_control == 40 || link - cache_control == 8) && uri > cache_control && ret->status < cache_control;
}
