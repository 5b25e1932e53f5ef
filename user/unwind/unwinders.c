/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "unwind/unwinders.h"

#include <stddef.h>

const struct unwinder *const unwinders[] = {
	&unwinder_cfi,
	&unwinder_fp,
	NULL,
};
