/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests that are of one kind: what can be merged, and compared. */
#ifndef REQPROF_ROUTE_H
#define REQPROF_ROUTE_H

#include "profile/profile.h"

/*
 * "GET /orders/{id}": method and path, without query. A segment of the path that only names one of many (digits, a UUID, 16 hexadecimal digits
 * or more) is {id}: the profile does not know the program's own routes. "?" for what is unknown. Not printable as it is. The caller frees it.
 */
char *profile_route(const struct profile *p);

#endif
