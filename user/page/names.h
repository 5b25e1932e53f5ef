/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* File names of reports: TIME-METHOD-SLUG-STATUS-DURATION-ID, then an extension. Made of [A-Za-z0-9._] and "-" only. */
#ifndef REQPROF_PAGE_NAMES_H
#define REQPROF_PAGE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

#define NAME_SIZE 192           /* of a name without extension, its NUL included */
#define SLUG_MAX 40
#define PROFILE_EXTENSION ".rp"

/* The name of the profile's report, without extension. */
void name_of_report(const struct profile *p, char ret[NAME_SIZE]);

/* What a name tells; the pointers are into it and not terminated. */
struct name_parts {
	const char *time;       /* 19 characters: 20261123T120107.114 and no zone */
	const char *request;    /* METHOD-SLUG: where one ends is not told, a method may hold "-" */
	size_t request_len;
	int status;             /* 0 = cut off before a response, or cannot be known */
	uint64_t duration_ms;
	const char *id;         /* 6 characters */
};

#define NAME_TIME_LEN 19

/* Split the first `len` characters of a file name; false: not one of ours. */
bool name_split(const char *name, size_t len, struct name_parts *ret);

#endif
