/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#define ESCAPED_LEN 4 /* \xNN */

/* Length of the UTF-8 sequence that starts here and its code point; 0 = none (RFC 3629: no surrogates, nothing overlong). */
static size_t decode(const unsigned char *s, size_t n, uint32_t *ret_code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t code = len == 1 ? s[0] : s[0] & (0x7f >> len);

	if (!len || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return len;
}

static bool is_harmless(uint32_t code)
{
	return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != 0x200e && code != 0x200f && !(code >= 0x2028 && code <= 0x202e) &&
	       !(code >= 0x2066 && code <= 0x2069);
}

char *printable(const char *s, size_t n, size_t max_columns)
{
	char *result = xcalloc(n * ESCAPED_LEN + sizeof "…", 1), *out = result, *cut = result;
	size_t columns = 0;

	for (size_t i = 0; i < n;) {
		uint32_t code;
		size_t len = decode((const unsigned char *)s + i, n - i, &code);
		bool as_is = len && is_harmless(code);

		if (!as_is)
			len = 1; /* the rest of an unwanted sequence is invalid on its own */
		columns += as_is ? 1 : ESCAPED_LEN;
		if (max_columns && columns > max_columns) {
			strcpy(cut, "…");
			return result;
		}
		if (as_is)
			out = mempcpy(out, s + i, len);
		else
			out += sprintf(out, "\\x%02x", (unsigned char)s[i]);
		if (columns < max_columns)
			cut = out; /* here one column is left for the "…" */
		i += len;
	}
	*out = '\0';
	return result;
}
