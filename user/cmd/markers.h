/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What marks a request: the arguments of -m, for the BPF programs and for the worker. */
#ifndef REQPROF_MARKERS_H
#define REQPROF_MARKERS_H

#include <linux/types.h>
#include <stddef.h>

#include "capture/worker.h"
#include "reqprof.h"

struct markers {
	struct rp_marker markers[RP_MAX_MARKERS];    /* as the BPF programs compare */
	struct worker_marker texts[RP_MAX_MARKERS];  /* as the worker shows; texts owned */
	size_t n;
};

/* Add what one -m says: NAME=VALUE, path:[METHOD ]GLOB, or @FILE with one of these a line. 0, or −EINVAL with the reason in *ret_why (the
 * caller frees it; it names no value, which may be a secret). */
int markers_add(struct markers *m, const char *arg, char **ret_why);
void markers_free(struct markers *m);

/* Where the secret value begins in an argument of -m; NULL = it has none. */
char *markers_secret(char *arg);

/* What to append to a URL to mark it: the first query marker, a secret value as "…". NULL if there is none; the caller frees it. */
char *markers_query(const struct markers *m);

#endif
