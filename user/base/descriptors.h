/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The descriptors of this process. */
#ifndef REQPROF_DESCRIPTORS_H
#define REQPROF_DESCRIPTORS_H

#include <stddef.h>

/* Close all but 0, 1, 2 and the n of `keep`, in any order; −1 is passed over. 0 or −errno. */
int descriptors_close_others(const int *keep, size_t n);

#endif
