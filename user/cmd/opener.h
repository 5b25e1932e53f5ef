/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * --open: a process of its own that shows reports to the invoking user. The worker cannot, it must not start programs with what it knows;
 * and nobody may as root.
 */
#ifndef REQPROF_OPENER_H
#define REQPROF_OPENER_H

#include "cmd/owner.h"

/* Start it. Returns the descriptor to send paths to, or −1 if there is nobody or nothing to open them with (said), or on failure (said).
 * It ends when every copy of the descriptor is closed. */
int opener_start(const struct owner *owner);

/* Have the file opened; more than one a second are left out. */
void opener_send(int fd, const char *absolute_path);

#endif
