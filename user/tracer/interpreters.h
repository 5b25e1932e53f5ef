/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interpreters of the followed processes, in the BPF map `pythons`. They come from the process that reads the targets' files and memory, as
 * sealed memory (base/protocol.h); they are checked here: whatever they hold, the programs read only memory of that process, where it may.
 */
#ifndef REQPROF_INTERPRETERS_H
#define REQPROF_INTERPRETERS_H

#include <linux/types.h>
#include <sys/types.h>

#include "base/protocol.h"
#include "reqprof.h"

struct interpreters;

struct interpreters *interpreters_new(void);
void interpreters_free(struct interpreters *is); /* NULL is fine */

/* Take the interpreter of a process (MSG_PYTHON): struct msg_python and struct rp_python, and its name; fd −1: it has none. The descriptor stays the
 * caller's. 0, −EINVAL: nonsense, −ENOSPC, or −errno. */
int interpreters_set(struct interpreters *is, pid_t pid, int fd, const char *name);

/* What was called so: "CPython 3.11.2", if it is printable. NULL: the process has none. */
const char *interpreters_name(const struct interpreters *is, pid_t pid);

/* An instruction of a function, path NULL = unknown. */
struct interpreter_probe {
	char *path;
	uint64_t offset;
};

struct interpreter_probes {
	struct interpreter_probe copy; /* PyContext_CopyCurrent() */
	struct interpreter_probe put; /* SimpleQueue.put() */
	uint64_t fresh[MSG_FRESH_CONTEXTS]; /* offsets of what makes other contexts, in copy's file */
	size_t n_fresh;
};

/* Who tells the BPF programs. 0 or −errno. */
struct interpreters_sink {
	void *ctx;
	int (*python)(void *ctx, pid_t pid, const struct rp_python *python, const struct interpreter_probes *probes);
	void (*gone)(void *ctx, pid_t pid);
};

/* The programs are there: hand over what was taken so far, and what is taken from now on. 0 or −errno. */
int interpreters_publish(struct interpreters *is, struct interpreters_sink sink);

/* Drop those of processes that are gone. */
void interpreters_collect(struct interpreters *is);

#endif
