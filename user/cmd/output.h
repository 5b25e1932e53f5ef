/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where reports go: a directory that is opened while we may, and written to by the worker, who may not do anything else. */
#ifndef REQPROF_OUTPUT_H
#define REQPROF_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/owner.h"
#include "format/format.h"

#define OUTPUT_DIRECTORY "reqprof-reports"

struct output_options {
	const char *path;       /* -o; NULL = OUTPUT_DIRECTORY */
	bool single;            /* -n 1 and at most one -f: the path may name one file by a format's extension */
	const struct format *const *formats; /* at least one; with a single file the one of its extension */
	size_t n_formats;
};

struct output;

/* Make (0700, the owner's, with a .gitignore) or open the directory and see that the owner can write into it. 0 or −errno (printed). */
int output_open(const struct output_options *options, const struct owner *owner, struct output **ret);
void output_close(struct output *o); /* NULL is fine */

int output_fd(const struct output *o); /* the directory's, owned by the output */

/* Write the profile and one file a format, all or nothing, then index.html. As `write` of struct report_writer, ctx is the output: 0 and
 * the path of the first format's file, as the user would type it, or −errno and a message. The caller frees *ret_path. */
int output_write(void *ctx, const struct profile *p, const char *replaces, char **ret_path);

/* The absolute form of a path that output_write returned; the caller frees it. */
char *output_absolute(const struct output *o, const char *path);

#endif
