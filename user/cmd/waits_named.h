/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits as people name them: by the class of time ("network"), or by what was waited for ("127.0.0.1:5432"), in threads and in tasks. */
#ifndef REQPROF_WAITS_NAMED_H
#define REQPROF_WAITS_NAMED_H

#include "profile/profile.h"

int class_named(const char *name);      /* enum time_class, or −1 */
bool class_has_waits(int class);        /* it consists of single waits or awaits */

/*
 * The durations of the waits and awaits of a class or for an object (NULL = of all that there are); the caller frees them. A wait's ready time is
 * of class run_queue or throttled. If nothing at all waited for the object, *ret_note says what there was; the caller frees it.
 */
uint64_t *waits_named(const struct profile *p, const char *name, size_t *ret_n, char **ret_note);

/* The wall time of a class of waits, and what of TIME_suspended is awaits of this cause: a task that awaits the network waits for it, too. */
uint64_t time_of_cause(const struct profile *p, enum time_class class);

/* How long an object was waited for: its waits, and its awaits as far as the wall time is theirs. */
uint64_t time_waited_for(const struct profile *p, const char *object, char **ret_note);

#endif
