/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/route.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

#define ANY "{id}"
#define UUID_LEN 36
#define LONG_HEX 16

static bool is_uuid(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	return n == UUID_LEN;
}

static bool names_one_of_many(const char *s, size_t n)
{
	size_t digits = 0, hex = 0;

	for (size_t i = 0; i < n; i++) {
		digits += isdigit((unsigned char)s[i]) != 0;
		hex += isxdigit((unsigned char)s[i]) != 0;
	}
	return n && (digits == n || (hex == n && n >= LONG_HEX) || is_uuid(s, n));
}

char *profile_route(const struct profile *p)
{
	const char *target = p->request.target ? p->request.target : "?";
	const char *end = target + (*target == '?' ? 1 : strcspn(target, "?#"));
	const char *at = target_path(target, end);
	_cleanup_free_ char *route = xcalloc((end - at) * strlen(ANY) + 1, 1);
	char *out = route;

	while (at < end) {
		size_t n;

		if (*at == '/') {
			*out++ = *at++;
			continue;
		}
		n = strcspn(at, "/");
		if (n > (size_t)(end - at))
			n = end - at;
		if (names_one_of_many(at, n))
			out = mempcpy(out, ANY, strlen(ANY));
		else
			out = mempcpy(out, at, n);
		at += n;
	}
	return xasprintf("%s %s", p->request.method ? p->request.method : "?", *route ? route : "/");
}
