/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* No unwinders to speak of: for tests that link code which lists them. */
#ifndef REQPROF_FAKE_UNWINDERS_H
#define REQPROF_FAKE_UNWINDERS_H

#include "unwind/unwinders.h"

const struct unwinder *const unwinders[] = {NULL};

#endif
