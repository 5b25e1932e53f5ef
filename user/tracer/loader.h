/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loads the BPF programs in a thread of its own: most of that is the verifier's time, in which unwinding tables can be made. */
#ifndef REQPROF_LOADER_H
#define REQPROF_LOADER_H

#include <pthread.h>

#include "tracer/session.h"

struct loader {
	const struct tracer_options *options;
	pthread_t thread;
	int done;               /* readable when it has ended */
	struct session *session;
	int error;
};

/* 0 or −errno (printed). */
int loader_start(struct loader *l, const struct tracer_options *options);

/* Wait for its end. What session_new() returns. */
struct session *loader_finish(struct loader *l);

#endif
