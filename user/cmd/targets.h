/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* No target was named: what could be recorded. */
#ifndef REQPROF_CMD_TARGETS_H
#define REQPROF_CMD_TARGETS_H

/* Print to stderr what listens and looks like an HTTP server, and a command to paste. */
void targets_print(void);

#endif
