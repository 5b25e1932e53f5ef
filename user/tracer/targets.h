/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which processes a recording follows, found at attach and, for --port, again and again. */
#ifndef REQPROF_TARGETS_H
#define REQPROF_TARGETS_H

#include <stddef.h>
#include <sys/types.h>

#include "tracer/session.h"
#include "tracer/tracer.h"

/* The processes that targets_attach() would follow now. The caller frees *ret. Returns their number. */
size_t targets_find(const struct tracer_options *options, pid_t **ret);

/* What to do about a process that is followed from now on. */
struct follower {
	void *ctx;
	void (*followed)(void *ctx, pid_t pid);
};

/* Follow the processes of the options and all their descendants, those that fork meanwhile included. Prints one line for each server among
 * them. Returns how many processes are followed from now on, or −errno (printed): one that was named is gone. */
int targets_attach(struct session *session, const struct tracer_options *options, const struct follower *follower);

/* Is it a 32-bit program (as far as that can be seen)? Neither its system calls nor its stacks could be read. */
bool target_is_32_bit(pid_t pid);

/* --port: follow what listens there since. Prints its lines. */
void targets_rescan(struct session *session, const struct tracer_options *options, const struct follower *follower);

#endif
