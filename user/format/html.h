/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The page's pieces: each fills one slot of user/html/report.html. Markup is written here, but what it looks like is the style sheet's and
 * what it does the script's business: without both it can be read.
 */
#ifndef REQPROF_HTML_H
#define REQPROF_HTML_H

#include <stdio.h>

#include "profile/profile.h"

/* The first screen (html_screen.c). */
void html_title(const struct profile *p, FILE *f);
void html_request(const struct profile *p, FILE *f);
void html_facts(const struct profile *p, FILE *f);
void html_bar(const struct profile *p, FILE *f);
void html_bar_style(const struct profile *p, FILE *f); /* the widths, as CSS: a strict policy allows no style attributes */
void html_legend(const struct profile *p, FILE *f);
void html_sentences(const struct profile *p, FILE *f);

/* The panels (html_panels.c, html_about.c). */
void html_tree(const struct profile *p, FILE *f);
void html_functions(const struct profile *p, FILE *f);
void html_waits(const struct profile *p, FILE *f);
void html_about(const struct profile *p, FILE *f);

/* The JSON document for the page's script (json.c): as other tools get it, but that its large tables are columns (page_tables.h). These stand in
 * the document itself where `packed` is NULL, else there as bytes. */
void html_document(const struct profile *p, FILE *f, FILE *packed);

/* For the script (html_data.c): that document; a large one and then its columns deflated, `data-text` being the document's length in bytes. And the
 * report in text, to copy. */
void html_data(const struct profile *p, FILE *f);
void html_copy(const struct profile *p, FILE *f);

#endif
