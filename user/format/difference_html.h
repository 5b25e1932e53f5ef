/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pieces of the page of differences. */
#ifndef REQPROF_DIFFERENCE_HTML_H
#define REQPROF_DIFFERENCE_HTML_H

#include "format/difference.h"

/* Tables: by class, by function, by wait, the differential call tree. */
void difference_html_classes(FILE *f, const struct difference *d);
void difference_html_functions(FILE *f, const struct difference *d);
void difference_html_waits(FILE *f, const struct difference *d);
void difference_html_tree(FILE *f, const struct difference *d);

/* The differential flame graph, as SVG: a frame is as wide as the larger of A and B, and has the colour of the change. */
void difference_html_icicle(FILE *f, const struct difference *d);

#endif
