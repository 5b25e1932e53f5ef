/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/python_string.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define CHUNK 512               /* that is read at once: most objects are not larger */
#define LENGTH_MAX (1LL << 31)  /* of anything that is not refused as nonsense */

/* All versions: */
#define OBJECT_SIZE 16          /* length of a str, size of bytes */
#define STRING_STATE 32         /* bits: 2 interned, 3 kind = bytes of a character, 1 compact, 1 ASCII */
#define STRING_LEAST 40         /* bytes that every one has */
#define BYTES_DATA 32

/* Where the characters are: behind the object, if it is compact; else it has a pointer to them. */
struct layout {
	size_t ascii, compact;
};

static struct layout layout_of(uint16_t version)
{
	return version < 0x030c ? (struct layout){48, 72} : (struct layout){40, 56};
}

/* The begin of an object, up to the end of its page, or of what is needed at least: all of one page is there or nothing. */
struct chunk {
	uint8_t bytes[CHUNK];
	size_t n;
};

static int read_chunk(const struct memory *m, int pid, uint64_t address, size_t least, struct chunk *ret)
{
	size_t n = MEMORY_PAGE - address % MEMORY_PAGE;

	ret->n = n < least ? least : n > CHUNK ? CHUNK : n;
	return address % 8 ? -EBADMSG : memory_read(m, pid, address, ret->bytes, ret->n);
}

static uint64_t word_at(const struct chunk *c, size_t at)
{
	uint64_t word;

	memcpy(&word, c->bytes + at, sizeof word);
	return word;
}

static int read_rest(const struct memory *m, int pid, uint64_t address, const struct chunk *c, size_t at, uint8_t *ret, size_t n)
{
	if (at + n > c->n)
		return memory_read(m, pid, address + at, ret, n);
	memcpy(ret, c->bytes + at, n);
	return 0;
}

/* ---- UTF-8 ------------------------------------------------------------------------------------------------------------ */

static uint32_t character(const uint8_t *data, unsigned int kind, size_t i)
{
	uint32_t four;
	uint16_t two;

	if (kind == 1)
		return data[i];
	if (kind == 2) {
		memcpy(&two, data + 2 * i, sizeof two);
		return two;
	}
	memcpy(&four, data + 4 * i, sizeof four);
	return four;
}

static size_t encode(uint32_t code, char *ret)
{
	if (!code || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		code = 0xfffd;
	if (code < 0x80)
		return ret[0] = code, 1;
	if (code < 0x800) {
		ret[0] = 0xc0 | code >> 6;
		ret[1] = 0x80 | (code & 0x3f);
		return 2;
	}
	if (code < 0x10000) {
		ret[0] = 0xe0 | code >> 12;
		ret[1] = 0x80 | (code >> 6 & 0x3f);
		ret[2] = 0x80 | (code & 0x3f);
		return 3;
	}
	ret[0] = 0xf0 | code >> 18;
	ret[1] = 0x80 | (code >> 12 & 0x3f);
	ret[2] = 0x80 | (code >> 6 & 0x3f);
	ret[3] = 0x80 | (code & 0x3f);
	return 4;
}

static void encode_all(const uint8_t *data, unsigned int kind, size_t n, char ret[PYTHON_STRING_MAX + 1])
{
	size_t at = 0;
	char code[4];

	for (size_t i = 0; i < n; i++) {
		size_t len = encode(character(data, kind, i), code);

		if (at + len > PYTHON_STRING_MAX)
			break;
		memcpy(ret + at, code, len);
		at += len;
	}
	ret[at] = 0;
}

/* ----------------------------------------------------------------------------------------------------------------------- */

static int read_characters(const struct memory *m, int pid, uint64_t address, const struct chunk *c, struct layout layout, uint8_t *ret, size_t n)
{
	uint32_t state = word_at(c, STRING_STATE);
	uint64_t elsewhere;
	int r;

	if (state >> 5 & 1)
		return read_rest(m, pid, address, c, state >> 6 & 1 ? layout.ascii : layout.compact, ret, n);
	r = read_rest(m, pid, address, c, layout.compact, (uint8_t *)&elsewhere, sizeof elsewhere);
	return r ? r : memory_read(m, pid, elsewhere, ret, n);
}

int python_string_read(const struct memory *m, int pid, uint16_t version, uint64_t address, char ret[PYTHON_STRING_MAX + 1])
{
	uint8_t data[4 * PYTHON_STRING_MAX];
	struct chunk c;
	int r = read_chunk(m, pid, address, STRING_LEAST, &c);

	if (r)
		return r;
	unsigned int kind = word_at(&c, STRING_STATE) >> 2 & 7;
	bool ascii = word_at(&c, STRING_STATE) >> 6 & 1;
	int64_t length = word_at(&c, OBJECT_SIZE);
	size_t n = length < PYTHON_STRING_MAX ? length : PYTHON_STRING_MAX;

	if ((kind != 1 && kind != 2 && kind != 4) || length < 0 || length > LENGTH_MAX || (ascii && kind != 1))
		return -EBADMSG;
	r = n ? read_characters(m, pid, address, &c, layout_of(version), data, n * kind) : 0;
	if (!r)
		encode_all(data, kind, n, ret);
	return r;
}

int python_bytes_read(const struct memory *m, int pid, uint64_t address, uint8_t **ret, size_t *ret_n)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	struct chunk c;
	int r = read_chunk(m, pid, address, BYTES_DATA, &c);

	if (r)
		return r;
	uint64_t n = word_at(&c, OBJECT_SIZE);

	if (n > PYTHON_BYTES_MAX)
		return -EBADMSG;
	bytes = xcalloc(n ? n : 1, 1);
	r = n ? read_rest(m, pid, address, &c, BYTES_DATA, bytes, n) : 0;
	if (r)
		return r;
	*ret = TAKE_PTR(bytes);
	*ret_n = n;
	return 0;
}
