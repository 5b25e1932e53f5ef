/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits in JSON: as rows, the contract with other tools, or as columns, which a browser reads many times faster. */
#ifndef REQPROF_JSON_WAITS_H
#define REQPROF_JSON_WAITS_H

#include "base/json.h"
#include "profile/profile.h"

/* [{"t", …, "waker":{…}}, …] */
void json_wait_rows(struct json *j, const struct work *w);

/* {"objects":[string, …], "wakers":[{"pid", "tid", "comm", "stack"}, …], "dt":[…], …}: each different object and waker once, columns refer to them
 * by index, −1 = none; dt: t, from the second on its difference to that before; cause: the number of the class. */
void json_wait_columns(struct json *j, const struct work *w);

#endif
