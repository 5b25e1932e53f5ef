/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What libdw says of one address, as a row. */
#ifndef REQPROF_FRAME_ROW_H
#define REQPROF_FRAME_ROW_H

#include <elfutils/libdw.h>
#include <linux/types.h>
#include <stdbool.h>

#include "reqprof.h"

/* The row for a frame; its pc is the caller's. */
struct rp_row frame_row(Dwarf_Frame *frame, bool signal);

#endif
