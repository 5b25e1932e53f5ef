/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses of sockets as text. */
#ifndef REQPROF_ADDRESS_H
#define REQPROF_ADDRESS_H

#include <linux/types.h>
#include <stddef.h>

#include "reqprof.h"

#define ADDRESS_TEXT_MAX 128 /* "unix:@" and 108 bytes fit */

/* "127.0.0.1:5432", "[::1]:80", "unix:/path", "unix:@abstract", "unix:"; empty = unknown. A NUL byte inside an abstract name reads "@". */
void address_text(const struct rp_addr *a, char text[static ADDRESS_TEXT_MAX]);

#endif
