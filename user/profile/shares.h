/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the time of a request stands for in which none of its tasks ran: the builder's last step, when all spans are there. */
#ifndef REQPROF_SHARES_H
#define REQPROF_SHARES_H

#include "profile/timeline.h"

/* Each instant of `suspended` is given to one await: the one that ends last, before all others one that waits for something outside of the program.
 * Each instant of `loop_busy` is given to what the loop's thread was seen to do last. Sorts the spans. */
void shares_tell(struct story *s);

#endif
