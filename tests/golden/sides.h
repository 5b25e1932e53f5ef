/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sides to compare: fixtures of which some functions and waits take longer. */
#ifndef REQPROF_SIDES_H
#define REQPROF_SIDES_H

#include "profile/profile.h"

/* What runs below `function`, or waits for an object of this name, takes `percent` of its time (100 or more), and the wall time grows with it. */
void lengthen(struct profile *p, const char *function, unsigned percent);

/* render diff [A B FORMAT]: two sides compared, on stdout; without arguments the cases that there are. The exit status. */
int render_difference(int argc, char **argv);

/* render side NAME DIR: the requests of a side as files of a new directory. */
int render_side(int argc, char **argv);

#endif
