/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an export says of itself: formats of other tools hold less than a profile does. */
#ifndef REQPROF_CARRIED_H
#define REQPROF_CARRIED_H

#include "profile/profile.h"

/* Lines, NULL-terminated: what made it and of which report, the answer, what is wrong with the recording if anything is, and the format's own
 * sentence about what it leaves out. Free with carried_free(). */
char **carried(const struct profile *p, const char *left_out);
char *carried_text(const struct profile *p, const char *left_out); /* the same, one text; the caller frees it */
void carried_free(char **lines);

#endif
