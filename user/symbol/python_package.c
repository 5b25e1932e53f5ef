/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/python_package.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* Behind the last one of these directories, NULL = the path has none. */
static const char *behind(const char *path, const char *directory)
{
	const char *found = NULL, *next = path;

	while ((next = strstr(next, directory)))
		found = next += strlen(directory);
	return found;
}

/* Behind /lib/python3.N/ or /lib64/python3.N/ */
static const char *behind_library(const char *path)
{
	static const char *const directories[] = {"/lib/python3.", "/lib64/python3."};

	for (size_t i = 0; i < ARRAY_LEN(directories); i++) {
		const char *rest = behind(path, directories[i]);

		for (const char *at = rest; at && isdigit((unsigned char)*at); at++)
			if (at[1] == '/')
				return at + 2;
	}
	return NULL;
}

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n > m && !memcmp(s + n - m, end, m);
}

/* PACKAGE/…, MODULE.py, or NAME.egg/PACKAGE/… */
static char *first_of(const char *path)
{
	size_t n = strcspn(path, "/");

	if (path[n] && ends_with(path, n, ".egg")) {
		path += n + 1;
		n = strcspn(path, "/");
	}
	if (!path[n])
		n = ends_with(path, n, ".py") ? n - 3 : n;
	return n ? xstrndup(path, n) : NULL;
}

char *python_package(const char *file)
{
	static const char frozen[] = "<frozen ";
	const char *rest = behind(file, "/site-packages/");

	if (!strncmp(file, frozen, strlen(frozen))) {
		file += strlen(frozen);
		return *file && *file != '>' && *file != '.' ? xstrndup(file, strcspn(file, ".>")) : NULL;
	}
	if (!rest)
		rest = behind(file, "/dist-packages/");
	if (!rest)
		rest = behind_library(file);
	return rest ? first_of(rest) : NULL;
}
