/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who held CPython's lock while a thread waited for it, as a wait's object says it. */
#ifndef REQPROF_GIL_H
#define REQPROF_GIL_H

#include "capture/record.h"
#include "profile/profile.h"

/* Holders that have been named already; NULL = none. */
struct gil_holder;
void gil_holders_free(struct gil_holder **holders);

/* "python3[4243] handler (GET /slow)": as much of it as is known, an interned string of the profile; NULL = nothing. function: that the holder ran,
 * NULL = unknown. */
const char *gil_object(struct gil_holder **holders, struct profile *p, const struct record_wait *wait, const char *function);

#endif
