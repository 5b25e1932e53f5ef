/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables of the report in text. Each begins with an empty line and its title, or writes nothing when there is nothing. */
#ifndef REQPROF_TEXT_TABLES_H
#define REQPROF_TEXT_TABLES_H

#include <stdio.h>

#include "profile/profile.h"

#define TEXT_COLUMNS 100

void text_functions(FILE *f, const struct profile *p); /* the heaviest ones */
void text_waits(FILE *f, const struct profile *p);     /* grouped, and the longest single ones */
void text_tree(FILE *f, const struct profile *p);      /* the heavy branches of the call tree */
void text_about(FILE *f, const struct profile *p);     /* how it was measured */

#endif
