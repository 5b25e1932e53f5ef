/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The line that a finished report gets on stdout. Pure. */
#ifndef REQPROF_REPORT_LINE_H
#define REQPROF_REPORT_LINE_H

#include "profile/profile.h"

/* Without the end of line; the caller frees it. link: absolute path that `path` becomes a terminal's hyperlink to (OSC 8); NULL = plain
 * text. */
char *report_line(const struct profile *p, const char *path, const char *link);

#endif
