/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The worker's walls. */
#ifndef REQPROF_CONFINE_H
#define REQPROF_CONFINE_H

#include <stddef.h>

#include "cmd/owner.h"

/* For good: become the owner without capabilities and supplementary groups, gain nothing by exec, be no target of ptrace by the owner's
 * other processes, limit core files, descriptors and file sizes, and close every descriptor but 0, 1, 2 and the n of `keep`.
 * 0 or −errno. */
int confine(const struct owner *owner, const int *keep, size_t n);

#endif
