/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts of a profile without what tells where it was made. The same address has the same new name in all of them. */
#ifndef REQPROF_SCRUB_H
#define REQPROF_SCRUB_H

#include <stdbool.h>
#include <stddef.h>

struct scrub {
	const char *host;       /* name of the machine, or several, "web1, web2"; NULL = unknown */
	char **peers;           /* hosts, by the number of their new name */
	size_t n_peers, cap_peers;
};

void scrub_clear(struct scrub *s);

/* Each returns a new string, which the caller frees. */

/* "/usr/lib/python3/dist-packages/fastapi/routing.py" → "…/dist-packages/fastapi/routing.py", "/srv/orders/app/views.py" → "app/views.py",
 * "x.py" in the home of a user → "x.py". What is no path stays. */
char *scrub_path(const char *path);
char *scrub_module(const char *module); /* the last component */

/* Any text: addresses in it → "peer-1:5432", "unix:socket-2"; absolute paths as above, but not the path of a URL ("GET /health"), whose
 * query is dropped; the name of the machine → "host". */
char *scrub_words(struct scrub *s, const char *text);

/* A request's target: the authority of an absolute one goes, values of query parameters become "…" but for a `marker` (NAME=VALUE; may be NULL). */
char *scrub_target(const char *target, const char *marker);

#endif
