/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a user reads once everything is armed: the command to run next; and before it, what will be missing. */
#ifndef REQPROF_HELLO_H
#define REQPROF_HELLO_H

#include "base/protocol.h"
#include "tracer/session.h"
#include "tracer/tracer.h"

/* Print the whole curl command for the first address that a followed process listens on; nothing if none does. */
void hello_print(struct session *session, const struct tracer_options *options);

/* The frames of a process' interpreter cannot be had: why, once for all processes of a server. `said`: what was said last. */
void hello_native_only(pid_t pid, const char why[MSG_NAME_MAX], char said[MSG_NAME_MAX]);

#endif
