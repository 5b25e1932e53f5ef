/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of a request target may be stored, logged and printed. Pure. */
#ifndef REQPROF_REDACT_H
#define REQPROF_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/worker.h"

/*
 * The target (n bytes as sent) with its query values as "…"; the caller frees it. A parameter that is a marker stays as it is, unless
 * the marker is secret. A fragment and the user of an absolute target become "…" as well. keep_url: only secret markers are hidden.
 */
char *redact_target(const char *target, size_t n, const struct worker_marker *markers, size_t n_markers, bool keep_url);

/* A marker as it may be shown: NAME=… if it is secret, else as given. The caller frees it. */
char *redact_marker(const struct worker_marker *marker);

#endif
