/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Answers to the worker's questions: opens files of followed processes and hands over their descriptors unread. */
#ifndef REQPROF_ANSWERS_H
#define REQPROF_ANSWERS_H

#include "base/protocol.h"
#include "tracer/session.h"

/* Answer one MSG_ASK_*: sends MSG_ANSWER. 0, or −errno if the worker cannot be reached. */
int answer(struct session *session, int sock, const struct msg *question);

#endif
