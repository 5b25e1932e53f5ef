/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text inside HTML. Strings of the target go through these and nothing else; they must be printable (base/printable.h, format/names.h). */
#ifndef REQPROF_HTML_TEXT_H
#define REQPROF_HTML_TEXT_H

#include <stdio.h>

/* Escaped, for an element's content or a quoted attribute. */
void html_text(FILE *f, const char *s);

/* The same for a text that the caller hands over; it is freed. NULL writes nothing. */
void html_take(FILE *f, char *s);

/* <TAG CLASS>text</TAG>; class NULL = none. Frees the text. */
void html_element(FILE *f, const char *tag, const char *class, char *text);

/* " 'sha256-…'": a style or script of this content, for the page's policy. */
void html_hash(FILE *f, const char *content, size_t len);

#endif
