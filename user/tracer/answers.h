/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Answers to the questions of the process that finds names: opens files of followed processes and hands over their descriptors unread. */
#ifndef REQPROF_ANSWERS_H
#define REQPROF_ANSWERS_H

#include "base/protocol.h"
#include "tracer/session.h"

/* Answer one MSG_ASK_*: sends MSG_ANSWER. 0, or −errno if it cannot be sent. */
int answer(struct session *session, int sock, const struct msg *question);

#endif
