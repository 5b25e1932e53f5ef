/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where CPython's versions keep what: offsets as offsetof() has them from each version's own headers; from 3.13 on it tells most itself. */
#ifndef REQPROF_PYTHON_VERSIONS_H
#define REQPROF_PYTHON_VERSIONS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reqprof.h"

#define PYTHON_DEBUG_OFFSETS_MAX 1024 /* bytes of _Py_DebugOffsets, which _PyRuntime begins with, that are of use */
#define PYTHON_OFFSET_MAX (1U << 20)  /* no offset is larger */

/* The offsets of a release (not a debug) build with a GIL; addresses are 0. version: PY_VERSION_HEX >> 16. False: not known. */
bool python_version_find(uint16_t version, struct rp_python *ret);

/* Does the version have _Py_DebugOffsets? */
bool python_version_has_debug_offsets(uint16_t version);

struct python_debug_offsets {
	uint32_t version;       /* PY_VERSION_HEX */
	bool free_threaded;
};

/* Read its head. False: these bytes are no _Py_DebugOffsets. */
bool python_debug_offsets_head(const uint8_t *bytes, size_t n, struct python_debug_offsets *ret);

/* Put what they say in place of what is known of the version. False: nonsense. */
bool python_debug_offsets_take(const uint8_t *bytes, size_t n, struct rp_python *offsets);

#endif
