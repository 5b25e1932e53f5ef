/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes of a recording: tracer and worker; the worker starts one more (capture/namer.h). */
#ifndef REQPROF_SPAWN_H
#define REQPROF_SPAWN_H

#include "capture/worker.h"
#include "cmd/owner.h"
#include "tracer/tracer.h"

struct spawn {
	const struct tracer_options *tracer;
	const struct worker_options *worker;    /* its kallsyms_fd is opened here */
	const struct owner *owner;              /* who the worker becomes */
	const int *keep;                        /* further descriptors that the worker uses; −1 is passed over */
	size_t n_keep;
};

/* Fork the worker, before anything is attached, and be the tracer. Returns the exit status of both. */
int spawn(const struct spawn *s);

#endif
