/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parts of paths and request targets. Pure. */
#ifndef REQPROF_BASE_PATH_H
#define REQPROF_BASE_PATH_H

#include <stddef.h>
#include <string.h>

/* The last components of a path; all of it if it has no more. */
static inline const char *path_tail(const char *path, int components)
{
	for (const char *c = path + strlen(path); c > path; c--)
		if (c[-1] == '/' && *c && !--components)
			return c;
	return path;
}

/* Where the path begins in a request target that ends at `end`, its query left out: an absolute one begins with scheme and authority. */
static inline const char *target_path(const char *target, const char *end)
{
	const char *authority = *target == '/' ? NULL : (const char *)memmem(target, end - target, "://", 3);

	if (!authority)
		return target;
	for (authority += 3; authority < end && *authority != '/'; authority++)
		;
	return authority;
}

#endif
