/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef REQPROF_GZIP_H
#define REQPROF_GZIP_H

#include <stdint.h>
#include <stdio.h>

/* The n bytes as a gzip file, without a name and a time in its header: equal bytes make equal files. 0 or −errno; stream errors are the caller's. */
int gzip_write(const uint8_t *bytes, size_t n, FILE *f);

#endif
