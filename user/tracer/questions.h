/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process that reads the targets' files: what it asks is answered, what it has found is kept. */
#ifndef REQPROF_QUESTIONS_H
#define REQPROF_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/protocol.h"
#include "tracer/answers.h"
#include "tracer/session.h"

struct questions {
	int sock;
	int worker;             /* whom processes that are asked about are introduced to */
	struct tables *tables;
	struct interpreters *interpreters;
	struct handler_probes *handlers;
	struct session *session; /* NULL = not yet */
	bool sources;           /* --source: source code may be asked for */
	pid_t *announced;       /* while attaching: processes that are looked into before they are followed */
	size_t n_announced;
	unsigned waits;         /* processes whose unwinding tables are being made */
	char refused[MSG_NAME_MAX]; /* why frames of an interpreter cannot be had, as was said last */
};

/* One of them. Nothing that is said there, or not said, is an error of the recording. */
void questions_answer(struct questions *q);

bool questions_is_announced(const struct questions *q, pid_t pid);

#endif
