/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which frames of a stack the reader of a report is at home in. */
#ifndef REQPROF_OWN_H
#define REQPROF_OWN_H

#include "profile/profile.h"

/* Neither the kernel nor a shared library nor an installed package: most likely what the reader wrote. */
bool frame_is_own(const struct frame *frame);

/* The innermost own frame of a stack, else the innermost outside of the kernel, else the innermost; −1 = no stack. */
int32_t stack_own_frame(const struct profile *p, int32_t stack);

#endif
