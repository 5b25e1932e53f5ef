/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The threads of a process, stopped one at a time. */
#ifndef REQPROF_STOPPED_H
#define REQPROF_STOPPED_H

#include <stdbool.h>
#include <sys/types.h>

struct threads;

struct threads *threads_open(pid_t pid);
void threads_close(struct threads *t);

/* The next thread to look at: every other time the one that has run most since the last call, else all in turn. 0 = the process is gone. */
pid_t threads_next(struct threads *t);

/* Stop a thread with ptrace until thread_continue(). False: it is gone. */
bool thread_stop(pid_t tid, int *ret_signal);
void thread_continue(pid_t tid, int signal);

#endif
