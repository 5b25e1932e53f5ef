/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/row.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"

#define NUMBER_DIGITS 19

static char *shortened(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (!s)
		return NULL;
	for (n = n < ROW_TARGET_MAX ? n : ROW_TARGET_MAX; n && (s[n] & 0xc0) == 0x80; n--)
		; /* not in the middle of a character */
	return xstrndup(s, n);
}

void row_know(struct row *row, const struct profile *p)
{
	const uint64_t *classes = p->time.classes_ns, wall = p->time.wall_ns;

	row_clear(row);
	row->known = row->tried = true;
	row->method = shortened(p->request.method);
	row->target = shortened(p->request.target);
	row->wall_ns = wall;
	row->cpu_ns = classes[TIME_cpu_user] + classes[TIME_cpu_kernel] + classes[TIME_interrupt];
	for (int c = 0; c < N_TIME_CLASSES; c++)
		row->permille[c] = wall ? (uint16_t)(1000.0 * classes[c] / wall + 0.5) : 0;
}

void row_clear(struct row *row)
{
	free(TAKE_PTR(row->method));
	free(TAKE_PTR(row->target));
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void write_classes(struct json *j, const struct row *row)
{
	json_array(j);
	for (int c = 0; c < N_TIME_CLASSES && row->known; c++) {
		if (!row->permille[c])
			continue;
		json_uint(j, c);
		json_uint(j, row->permille[c]);
	}
	json_array_end(j);
}

void row_write(struct json *j, const struct row *row)
{
	json_array(j);
	json_string(j, row->entry.name);
	json_string(j, row->known ? row->method : NULL);
	json_string(j, row->known ? row->target : NULL);
	if (row->known) {
		json_uint(j, row->wall_ns);
		json_uint(j, row->cpu_ns);
	} else {
		json_null(j);
		json_null(j);
	}
	write_classes(j, row);
	json_uint(j, (uint64_t)row->entry.formats << 1 | row->entry.has_profile);
	json_array_end(j);
}

/* ---- reading: only what row_write() writes ------------------------------------------------------------------------ */

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *c, char expected)
{
	if (c->at == c->end || *c->at != expected)
		return false;
	c->at++;
	return true;
}

static bool take_null(struct cursor *c)
{
	if (c->end - c->at < 4 || memcmp(c->at, "null", 4))
		return false;
	c->at += 4;
	return true;
}

static bool take_number(struct cursor *c, uint64_t max, uint64_t *ret)
{
	const char *begin = c->at;

	*ret = 0;
	while (c->at < c->end && *c->at >= '0' && *c->at <= '9' && c->at - begin < NUMBER_DIGITS)
		*ret = *ret * 10 + (*c->at++ - '0');
	return c->at > begin && *ret <= max;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \uXXXX as it is written for what must not stand in a page: below U+0800, or U+2028 and U+2029. */
static bool take_escape(struct cursor *c, char **out)
{
	uint32_t code = 0;

	if (c->at == c->end)
		return false;
	if (*c->at == '"' || *c->at == '\\') {
		*(*out)++ = *c->at++;
		return true;
	}
	if (!take(c, 'u') || c->end - c->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*c->at++);

		if (digit < 0)
			return false;
		code = code << 4 | digit;
	}
	if (!code || (code >= 0x80 && code != 0x2028 && code != 0x2029))
		return false;
	if (code < 0x80)
		*(*out)++ = code;
	else
		*out = mempcpy(*out, code == 0x2028 ? "\xe2\x80\xa8" : "\xe2\x80\xa9", 3);
	return true;
}

/* A string, or null (NULL). The caller frees it. */
static bool take_string(struct cursor *c, char **ret)
{
	_cleanup_free_ char *text = NULL;
	char *out;

	*ret = NULL;
	if (take_null(c))
		return true;
	if (!take(c, '"'))
		return false;
	out = text = xcalloc(c->end - c->at + 1, 1);
	while (c->at < c->end && *c->at != '"') {
		uint32_t code;
		size_t len = utf8_decode(c->at, c->end - c->at, &code);

		if (!len || code < 0x20)
			return false;
		if (code == '\\') {
			c->at++;
			if (!take_escape(c, &out))
				return false;
			continue;
		}
		out = mempcpy(out, c->at, len);
		c->at += len;
	}
	*ret = take(c, '"') ? TAKE_PTR(text) : NULL;
	return *ret;
}

static bool take_name(struct cursor *c, struct catalog_entry *entry)
{
	_cleanup_free_ char *name = NULL;
	struct name_parts parts;

	if (!take_string(c, &name) || !name || !name_split(name, strlen(name), &parts))
		return false;
	memcpy(entry->name, name, strlen(name) + 1);
	return true;
}

static bool take_classes(struct cursor *c, struct row *row)
{
	if (!take(c, '['))
		return false;
	while (!take(c, ']')) {
		uint64_t class, permille;

		if (!take_number(c, N_TIME_CLASSES - 1, &class) || !take(c, ',') || !take_number(c, 1000, &permille))
			return false;
		row->permille[class] = permille;
		if (!take(c, ',') && (c->at == c->end || *c->at != ']'))
			return false;
	}
	return true;
}

static bool take_row(struct cursor *c, struct row *row)
{
	uint64_t files;

	if (!take(c, '[') || !take_name(c, &row->entry) || !take(c, ',') || !take_string(c, &row->method) || !take(c, ',') ||
	    !take_string(c, &row->target) || !take(c, ','))
		return false;
	row->known = !take_null(c);
	if (row->known && !take_number(c, INT64_MAX, &row->wall_ns))
		return false;
	if (!take(c, ',') || !(row->known ? take_number(c, row->wall_ns, &row->cpu_ns) : take_null(c)) || !take(c, ','))
		return false;
	return take_classes(c, row) && take(c, ',') && take_number(c, UINT64_MAX, &files) && take(c, ']');
}

bool row_read(const char *line, size_t len, struct row *ret)
{
	struct cursor c = {line, line + len};

	*ret = (struct row){0};
	if (take_row(&c, ret) && c.at == c.end && (!ret->method || strlen(ret->method) <= ROW_TARGET_MAX) &&
	    (!ret->target || strlen(ret->target) <= ROW_TARGET_MAX))
		return true;
	row_clear(ret);
	return false;
}
