/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A small language to write profiles in: threads that run and wait, one thing after the other. Times in µs. */
#ifndef REQPROF_SCRIPT_H
#define REQPROF_SCRIPT_H

#include "profile/profile.h"

#define US 1000ULL

struct script {
	struct profile *p;
	struct work *work;
	int32_t thread;         /* that acts now */
	uint64_t t;             /* now, ns since begin */
};

struct script script_new(const char *method, const char *target, int status, uint64_t wall_us);

int32_t script_frame(struct script *s, const char *function, const char *file, uint32_t line, const char *module, enum frame_kind kind);
int32_t script_call(struct script *s, int32_t parent, int32_t frame); /* the stack of a call */

void script_thread(struct script *s, int32_t pid, int32_t tid, const char *comm, const char *name, uint64_t at_us);

/* The thread runs for `us` with n samples (ticks) at the stack; n = 0: one sample, of the slice's edge. The classes get the time too. */
void script_run(struct script *s, uint64_t us, size_t n, int32_t stack, bool kernel);
void script_lose(struct script *s, uint64_t us); /* runs, and its sample is lost */

struct script_wait {
	enum time_class cause;
	uint64_t us, ready_us;
	int32_t stack;
	const char *object, *waker; /* waker NULL = none */
	int32_t waker_pid;      /* 0 = an interrupt */
};

void script_wait(struct script *s, const struct script_wait *w);
void script_pass(struct script *s, enum time_class class, uint64_t us); /* wall time in no thread */

/* The request's last task awaits something for `us`; nothing of it runs. */
void script_task(struct script *s, const char *name);
void script_await(struct script *s, uint64_t us, int32_t stack, enum time_class cause, const char *object);

/* Of the time that its event loop was busy (script_pass), `us` with this; the file is app/main.py. */
void script_busy(struct script *s, uint64_t us, const char *request, const char *function, bool gil);

struct profile *script_end(struct script *s); /* what is left of the wall time is unknown */

#endif
