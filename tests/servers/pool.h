/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pool: a thread-pool HTTP server that knows what its requests did. */
#ifndef POOL_H
#define POOL_H

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>

/* What a worker has for itself, all made before the first request. */
struct worker {
	pthread_mutex_t lock;           /* held by the companion while it is told to */
	sem_t command, held;            /* to the companion, from it */
	char what;                      /* 'l' lock, 'p' pipe, 'e' eventfd */
	long ms;
	uint64_t released;              /* when the companion let the worker go on */
	int pipe[2], event;
	int database;                   /* connected, −1 = none */
	int file;                       /* to be synced */
	char path[64];
};

/* One operation of a request: what it did and for how long. */
struct truth {
	const char *name;
	uint64_t cpu_ns;                /* of the calling thread, or of the thread that it made (op `clone`) */
	uint64_t wait_ns;               /* from the call to the moment at which its reason was over */
	uint64_t wall_ns;
	char object[96];
};

uint64_t clock_ns(clockid_t clock);

void worker_init(struct worker *w, int database_port); /* starts the companion; exits on failure */

/* Does `name` (see operations.c) with its argument; −1: no such operation. */
int operate(struct worker *w, const char *name, long argument, struct truth *ret);

/* Calls work(arg) with that many frames of level_small, level_large and level_sized in turn between. Returns what it returns. */
int deeper(long levels, int (*work)(void *arg), void *arg);

#endif
