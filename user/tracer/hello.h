/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a user reads once everything is armed: the command to run next. */
#ifndef REQPROF_HELLO_H
#define REQPROF_HELLO_H

#include "tracer/session.h"
#include "tracer/tracer.h"

/* Print the whole curl command for the first address that a followed process listens on; nothing if none does. */
void hello_print(struct session *session, const struct tracer_options *options);

#endif
