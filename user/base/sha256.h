/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SHA-256 (FIPS 180-4). For the hashes of a page's Content-Security-Policy; nothing secret goes through it. */
#ifndef REQPROF_SHA256_H
#define REQPROF_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

void sha256(const void *data, size_t n, uint8_t ret_digest[SHA256_SIZE]);

#endif
