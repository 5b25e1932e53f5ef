/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reports in a directory, by their file names alone. */
#ifndef REQPROF_CATALOG_H
#define REQPROF_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "page/names.h"
#include "format/format.h"

struct catalog_entry {
	char name[NAME_SIZE];   /* without extension */
	bool has_profile;       /* NAME.rp is there */
	uint32_t formats;       /* bit i: the file of formats[i] is there */
};

/* Whether a file of this name is a report's. It has no "/" then, and no byte that means anything in a URL, in HTML or to a shell. */
bool catalog_is_file(const char *name);

/* All reports, the newest first. Their number, or −errno. The caller frees *ret. Foreign files are passed over. */
ssize_t catalog_read(int dir, struct catalog_entry **ret);

/* Remove every file of the report `id` but those named `keep` (without extension; NULL = none). */
void catalog_remove(int dir, const char *id, const char *keep);

#endif
