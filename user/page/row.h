/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A report in a list. Its file name tells when, which status and how long in whole milliseconds; the rest is in its profile, or in a list that
 * was made of it before: a row is a line of JSON there, and can be read back.
 */
#ifndef REQPROF_ROW_H
#define REQPROF_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "page/catalog.h"
#include "profile/profile.h"

#define ROW_TARGET_MAX 2048     /* bytes of a target that a list keeps */

struct row {
	struct catalog_entry entry;
	bool known;             /* what stands below is */
	bool tried;             /* its profile has been asked: it is known, or cannot be */
	char *method, *target;  /* owned; NULL = the request has none (a handler source) */
	uint64_t wall_ns, cpu_ns;
	uint16_t permille[N_TIME_CLASSES]; /* of the wall time */
};

/* Fill in what the profile tells. Redacted is what is redacted there. */
void row_know(struct row *row, const struct profile *p);
void row_clear(struct row *row); /* what is owned */

/* [NAME, METHOD, TARGET, wall_ns, cpu_ns, [class, permille, …], files]; what is not known is null. files: bit 0 the profile, bit i + 1 the file of
 * formats[i]. */
void row_write(struct json *j, const struct row *row);

/* Read one back, as far as it is known: without its files, which are the directory's to tell. The line may be anything. false: not a row. */
bool row_read(const char *line, size_t len, struct row *ret);

#endif
