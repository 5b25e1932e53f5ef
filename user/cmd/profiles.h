/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Several profiles as the user names them. */
#ifndef REQPROF_PROFILES_H
#define REQPROF_PROFILES_H

#include "profile/profile.h"

/* Zeroed is empty. */
struct profiles {
	struct profile **list;
	char **names;           /* what each was read from: "a.rp", "reports/….rp" */
	size_t n, cap;
};

void profiles_clear(struct profiles *set);

/* Add FILE.rp, an ID or "last" (cmd/find.h), or all .rp files of a directory, by name. A request that is there already is not added again.
 * 0, or −1: the error is printed; a directory without any is one. */
int profiles_add(struct profiles *set, const char *name);

/* The same for several names with commas between them, unless there is a file of that whole name. */
int profiles_add_list(struct profiles *set, const char *names);

bool is_directory(const char *path);

#endif
