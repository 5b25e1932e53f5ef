/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hand-overs between contexts of Python, noticed where PyContext_CopyCurrent is called. */
#ifndef REQPROF_PYTHON_PROBE_H
#define REQPROF_PYTHON_PROBE_H

#include <sys/types.h>

#include "base/protocol.h"

/* A process whose interpreter is in the file that [start, end) shows. 0 or −errno. */
int python_probe(pid_t pid, const struct msg_python *place);

#endif
