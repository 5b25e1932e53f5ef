/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/gzip.h"

#include <errno.h>
#include <zlib.h>

#define GZIP (MAX_WBITS + 16)
#define MEMORY_LEVEL 8
#define PIECE (1U << 30) /* zlib counts in 32 bits */

int gzip_write(const uint8_t *bytes, size_t n, FILE *f)
{
	z_stream z = {.next_in = (uint8_t *)bytes};
	uint8_t out[1 << 14];
	int r;

	if (deflateInit2(&z, 6, Z_DEFLATED, GZIP, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	do {
		if (!z.avail_in) {
			z.avail_in = n < PIECE ? n : PIECE;
			n -= z.avail_in;
		}
		z.next_out = out;
		z.avail_out = sizeof out;
		r = deflate(&z, n ? Z_NO_FLUSH : Z_FINISH);
		fwrite(out, 1, sizeof out - z.avail_out, f);
	} while (r == Z_OK);
	deflateEnd(&z);
	return r == Z_STREAM_END ? 0 : -EIO;
}
