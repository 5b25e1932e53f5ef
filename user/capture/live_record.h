/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the events of one request become: records of its log, facts of its profile. */
#ifndef REQPROF_LIVE_RECORD_H
#define REQPROF_LIVE_RECORD_H

#include "capture/live.h"

/* False: an event of this type is nothing to record. */
bool live_record(struct live *l, struct live_request *r, const struct rp_event *e);

#endif
