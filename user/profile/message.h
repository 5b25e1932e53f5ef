/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The model as a protobuf message (profile.proto) and back; what file.c puts into its envelope. */
#ifndef REQPROF_PROFILE_MESSAGE_H
#define REQPROF_PROFILE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

/* The serialized message; the caller frees *ret. Returns its size. */
size_t message_encode(const struct profile *p, uint8_t **ret);

/* A profile that passes profile_check, or NULL with *ret_why = what is wrong (a static string). */
struct profile *message_decode(const uint8_t *bytes, size_t n, const char **ret_why);

#endif
