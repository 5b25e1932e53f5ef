/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Profiles that every format is tested with. They are built through the profile's own functions and pass profile_check(). */
#ifndef REQPROF_FIXTURES_H
#define REQPROF_FIXTURES_H

#include "profile/profile.h"

struct fixture {
	const char *name;
	struct profile *(*make)(void);
};

extern const struct fixture fixtures[]; /* each ends with a NULL name */
extern const struct fixture large_fixtures[]; /* without golden files, for tests that ask for them by name */

struct profile *fixture_make(const char *name); /* NULL = no such fixture */

/* derived.c */
struct profile *make_merged(void);
struct profile *make_redacted(void);
struct profile *make_many(void);

#endif
