/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/file.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "profile/message.h"

#define MAGIC "reqprof" /* with its NUL byte: 8 bytes */
#define FILE_MAX (256ULL << 20) /* compressed */

struct header {
	char magic[8];
	uint32_t version, crc;
	uint64_t length;
} __attribute__((packed));
_Static_assert(sizeof(struct header) == 24, "as file.h describes it");

/* The checksum covers the length too: a damaged one must not decide how much memory is asked for. */
static uint32_t checksum(uint64_t length_le, const uint8_t *bytes, size_t n)
{
	uLong crc = crc32(0, (const uint8_t *)&length_le, sizeof length_le);

	return crc32_z(crc, bytes, n);
}

int profile_write(const struct profile *p, FILE *f)
{
	_cleanup_free_ uint8_t *message = NULL, *packed = NULL;
	size_t n = message_encode(p, &message);
	uLongf packed_n = compressBound(n);
	struct header h = {.magic = MAGIC, .version = htole32(PROFILE_FILE_VERSION), .length = htole64(n)};

	packed = xcalloc(packed_n, 1);
	if (compress2(packed, &packed_n, message, n, 6) != Z_OK)
		return -EIO;
	h.crc = htole32(checksum(h.length, packed, packed_n));
	errno = 0;
	if (fwrite(&h, sizeof h, 1, f) != 1 || fwrite(packed, 1, packed_n, f) != packed_n)
		return errno ? -errno : -EIO;
	return 0;
}

static size_t read_rest(FILE *f, uint8_t **ret)
{
	size_t n = 0, cap = 1 << 16, got;
	uint8_t *bytes = xcalloc(cap, 1);

	while ((got = fread(bytes + n, 1, cap - n, f)) > 0) {
		n += got;
		if (n == cap && cap < FILE_MAX)
			bytes = xrealloc(bytes, cap *= 2, 1);
	}
	*ret = bytes;
	return n;
}

static const char *check_header(const struct header *h, size_t got)
{
	static char newer[64];

	if (got < sizeof h->magic || memcmp(h->magic, MAGIC, sizeof h->magic))
		return "not a reqprof file";
	if (got < sizeof *h)
		return "truncated";
	if (le32toh(h->version) > PROFILE_FILE_VERSION) {
		snprintf(newer, sizeof newer, "made by a newer reqprof (format %u)", le32toh(h->version));
		return newer;
	}
	if (!le32toh(h->version))
		return "damaged";
	return NULL;
}

struct profile *profile_read(FILE *f, const char **ret_why)
{
	_cleanup_free_ uint8_t *packed = NULL, *message = NULL;
	struct header h = {0};
	uLongf n;
	size_t packed_n;

	*ret_why = check_header(&h, fread(&h, 1, sizeof h, f));
	if (*ret_why)
		return NULL;
	packed_n = read_rest(f, &packed);
	n = le64toh(h.length);
	if (ferror(f))
		*ret_why = "unreadable";
	else if (checksum(h.length, packed, packed_n) != le32toh(h.crc))
		*ret_why = "damaged or truncated";
	else if (le64toh(h.length) > PROFILE_FILE_MAX || packed_n == FILE_MAX)
		*ret_why = "too large";
	if (*ret_why)
		return NULL;
	message = xcalloc(n, 1);
	if (uncompress(message, &n, packed, packed_n) != Z_OK || n != le64toh(h.length)) {
		*ret_why = "damaged";
		return NULL;
	}
	return message_decode(message, n, ret_why);
}
