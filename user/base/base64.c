/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/base64.h"

#include <stdint.h>

void base64_write(FILE *f, const void *data, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *bytes = data;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t group = bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
		char four[4] = {digits[group >> 18], digits[group >> 12 & 63], left > 1 ? digits[group >> 6 & 63] : '=',
				left > 2 ? digits[group & 63] : '='};

		fwrite(four, 1, sizeof four, f);
	}
}
