/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bar of the wall time: which classes it shows, in which order. */
#ifndef REQPROF_BAR_H
#define REQPROF_BAR_H

#include "profile/profile.h"

/* The classes that took any time: on-CPU ones in their order, waits by length, then what was not this request's doing or is unknown.
 * Returns their number. */
size_t bar_order(const struct profile *p, enum time_class ret_order[N_TIME_CLASSES]);

bool bar_is_estimated(const struct profile *p, enum time_class class); /* samples, not clocks, decide it */

#endif
