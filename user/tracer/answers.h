/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Answers to the process that reads the target's files: opens them and hands over their descriptors unread; copies of its memory likewise; takes
 * unwinding tables, and where interpreters and handlers are. */
#ifndef REQPROF_ANSWERS_H
#define REQPROF_ANSWERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/protocol.h"
#include "tracer/handler_probes.h"
#include "tracer/interpreters.h"
#include "tracer/tables.h"

struct answers {
	struct tables *tables;
	struct interpreters *interpreters;
	struct handler_probes *handlers;
	bool (*may)(void *ctx, pid_t pid); /* is this a process of ours? */
	void *ctx;
	bool sources;           /* --source: files with source code, too */
};

/* Answer one MSG_ASK_*, MSG_ROWS, MSG_TEXTS, MSG_PYTHON or MSG_HANDLER, which came with this descriptor (−1 = none; it stays the caller's): sends
 * MSG_ANSWER. 0, or −errno if it cannot be sent. */
int answer(const struct answers *a, int sock, const struct msg *question, int fd);

#endif
