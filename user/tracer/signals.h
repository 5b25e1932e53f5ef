/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What wakes the tracer, as descriptors. */
#ifndef REQPROF_SIGNALS_H
#define REQPROF_SIGNALS_H

#include <stdint.h>

/* Readable, as struct signalfd_siginfo, when somebody wants the end (^C, SIGTERM, SIGHUP) or a snapshot (SIGUSR1); they do nothing else from now on,
 * and neither does SIGPIPE. −1 and errno on failure. */
int signals_open(void);

/* Readable, as the number of times (8 bytes), every `ns`. −1 and errno on failure. */
int timer_open(uint64_t ns);

#endif
