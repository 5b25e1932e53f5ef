/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

#define ESCAPED_LEN 4 /* \xNN */

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
		size_t len = utf8_decode(s + i, n - i, &code);
		bool as_is = len && is_harmless(code);

		if (!as_is)
			len = 1; /* the rest of an unwanted sequence is invalid on its own */
		columns += as_is ? 1 : ESCAPED_LEN;
		if (max_columns && columns > max_columns) {
			memcpy(cut, "…", sizeof "…");
			return result;
		}
		if (as_is)
			out = mempcpy(out, s + i, len);
		else
			out += snprintf(out, ESCAPED_LEN + 1, "\\x%02x", (unsigned char)s[i]);
		if (columns < max_columns)
			cut = out; /* here one column is left for the "…" */
		i += len;
	}
	*out = '\0';
	return result;
}
