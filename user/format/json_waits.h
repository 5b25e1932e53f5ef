/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits in JSON, as the contract with other tools has them. */
#ifndef REQPROF_JSON_WAITS_H
#define REQPROF_JSON_WAITS_H

#include "base/json.h"
#include "profile/profile.h"

/* [{"t", …, "waker":{…}}, …] */
void json_wait_rows(struct json *j, const struct work *w);

/* {"pid", "tid", "comm", "stack"} */
void json_waker(struct json *j, const struct waker *waker);

#endif
