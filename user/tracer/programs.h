/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a program is called and how it serves, as its command line tells: hostile bytes, compared with fixed words and made printable. */
#ifndef REQPROF_PROGRAMS_H
#define REQPROF_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum program_loop {
	LOOP_ANY,       /* what it runs is seen from outside only */
	LOOP_ASYNCIO,   /* asyncio's, unless another is seen */
	LOOP_EVENTLET,
	LOOP_NONE,      /* a loop of asyncio that is seen is not what serves */
};

/* Which of the processes that share its sockets serve. */
enum program_workers {
	WORKERS_ANY,    /* not known: any of them may */
	WORKERS_FORKED, /* its children, where it has some */
	WORKERS_SPAWNED, /* children that Python's multiprocessing started; others have inherited the socket by chance */
	WORKERS_CLUSTER, /* children that run the same program, without the socket: node's cluster */
};

struct program {
	char *name;             /* "uvicorn", "http.server", "app.py"; printable, never NULL */
	enum program_loop loop;
	enum program_workers workers;
	bool supervises;        /* it serves nothing itself, even if no child is there yet */
	bool reloads;           /* it starts its child anew when files change */
	bool spawned;           /* started by Python's multiprocessing: its name is its parent's */
	const char *helper;     /* "multiprocessing's resource tracker": it serves nothing. NULL = none */
};

/* From the n bytes of /proc/PID/cmdline, and the name of its main thread for want of one. Pure. */
void program_parse(const char *cmdline, size_t n, const char *comm, struct program *ret);

/* The caller calls program_clear(). A process that is gone is called "?". */
void program_read(pid_t pid, struct program *ret);
void program_clear(struct program *program);

#endif
