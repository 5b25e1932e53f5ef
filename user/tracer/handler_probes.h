/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The handlers of the command line in the followed processes, as they come from the process that reads the targets' files (base/protocol.h,
 * MSG_HANDLER). They are checked here: whatever they hold, only code of that process is probed, and only its memory is read.
 */
#ifndef REQPROF_HANDLER_PROBES_H
#define REQPROF_HANDLER_PROBES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/protocol.h"
#include "reqprof.h"
#include "tracer/probe_costs.h"

/* Who attaches. path: of the file that shows `places`. 0 or −errno. */
struct handler_sink {
	void *ctx;
	int (*attach)(void *ctx, pid_t pid, unsigned int number, const struct rp_handler *handler, const char *path, const struct msg_place *places,
		      size_t n);
	void (*detach)(void *ctx, pid_t pid, unsigned int number);
};

struct handler_probes;

/* names: n of them, as given; they must outlive it. */
struct handler_probes *handler_probes_new(const char *const *names, size_t n);
void handler_probes_free(struct handler_probes *hp); /* NULL is fine */

/* Take MSG_HANDLER. The descriptor stays the caller's; −1: the process has it no more. 0, −EINVAL: nonsense, or −errno. */
int handler_probes_set(struct handler_probes *hp, const struct msg *m, int fd);

/* A process was forked, and has what its parent has. 0 or −errno. */
int handler_probes_inherit(struct handler_probes *hp, pid_t parent, pid_t child);

/* The programs are there: attach what was taken so far, and what is taken from now on; `worker`, a socket, is told of each what it costs
 * (MSG_COST). 0 or −errno. */
int handler_probes_publish(struct handler_probes *hp, struct handler_sink sink, const struct probe_costs *costs, int worker);

/* Drop those of processes that are gone. */
void handler_probes_collect(struct handler_probes *hp);

/* Is it known of all handlers whether the process has them? */
bool handler_probes_asked(const struct handler_probes *hp, pid_t pid);

/* Say of each handler where it is probed and what that costs. 0; −ENOENT, and why: nobody has one (unless `any` will do). */
int handler_probes_print(const struct handler_probes *hp, bool any);

#endif
