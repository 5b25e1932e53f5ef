/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a task awaits, by the coroutines that it is in: from the functions of the standard library and of well-known ones at their end. */
#ifndef REQPROF_AWAIT_CAUSE_H
#define REQPROF_AWAIT_CAUSE_H

#include <stdbool.h>

#include "profile/profile.h"

struct await_cause {
	enum time_class cause;
	const char *object;     /* a literal, NULL = not known */
	bool timer;             /* it sleeps for as many seconds as its argument says */
	bool peer;              /* an answer from whom the task has written to */
	bool client;            /* bytes from the request's own client, or room for bytes to it */
};

/* By a stack of the profile. False: nothing in it is known; *ret is then that of some future. */
bool await_cause(const struct profile *p, int32_t stack, struct await_cause *ret);

#endif
