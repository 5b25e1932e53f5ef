/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Output formats. One file and one row of formats[] (formats.c) each. A format is a pure function of the profile: it writes to a stream, knows
 * no path and asks nobody.
 */
#ifndef REQPROF_FORMAT_H
#define REQPROF_FORMAT_H

#include <stdio.h>

#include "profile/profile.h"

struct format {
	const char *name;       /* of -f */
	const char *extension;  /* with the dot: ".html", ".speedscope.json" */
	const char *help;       /* one line */
	bool binary;            /* nothing for a terminal */
	int (*write)(const struct profile *p, FILE *f); /* 0 or −errno; stream errors are the caller's (ferror) */
};

extern const struct format *const formats[]; /* NULL-terminated */

char *format_names(const char *last); /* "html, json and text" for " and "; the caller frees it */

const struct format *format_by_name(const char *name);      /* NULL = none */
const struct format *format_by_extension(const char *path); /* the longest extension that ends the path; NULL = none */

extern const struct format format_html, format_json, format_text, format_folded, format_speedscope, format_pprof, format_gecko;

#endif
