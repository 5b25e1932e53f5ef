/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * .rp files: 8 bytes of magic "reqprof\0", u32 format version, u32 CRC-32 of what follows, u64 length of the uncompressed message (all
 * little-endian), then the zlib stream of the protobuf message in profile.proto. A newer version reads an older file; a damaged,
 * truncated or foreign one is refused.
 */
#ifndef REQPROF_PROFILE_FILE_H
#define REQPROF_PROFILE_FILE_H

#include <stdio.h>

#include "profile/profile.h"

#define PROFILE_FILE_VERSION 1
#define PROFILE_FILE_MAX (1ULL << 30) /* uncompressed; more is refused */

/* 0 or −errno. */
int profile_write(const struct profile *p, FILE *f);

/* A profile that passes profile_check, or NULL with *ret_why = what is wrong with the file (static string, "not a reqprof file", "truncated",
 * "made by a newer reqprof (format 2)" …). */
struct profile *profile_read(FILE *f, const char **ret_why);

#endif
