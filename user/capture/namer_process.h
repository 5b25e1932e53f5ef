/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process that finds names, as its parent sees it: to start, to talk to and to end. It is not trusted, and may hang. */
#ifndef REQPROF_NAMER_PROCESS_H
#define REQPROF_NAMER_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "capture/namer_child.h"
#include "capture/namer_wire.h"

struct namer_process {
	pid_t pid;              /* 0 = none */
	int sock;
};

/* How it does, as seen in talking to it. */
enum namer_fate { NAMER_WELL, NAMER_GONE, NAMER_HANGS, NAMER_RAVES };

/* Exit statuses of its own; 1 is base/alloc.h's, out of memory. */
enum namer_exit { NAMER_EXIT_OK, NAMER_EXIT_MEMORY, NAMER_EXIT_SETUP };

/* What goes on while it is waited for. */
struct namer_patience {
	uint64_t left_ns;       /* until it is taken for hanging; time in which this process did not run does not count */
	int fd;                 /* readable: call pump; −1 = none */
	bool (*pump)(void *ctx); /* also called every now and then; false: it can take no more. NULL = nothing */
	void *ctx;
};

/* Fork one. `release` (NULL = nothing) is called in it, to give up memory that it must not share. memory_max: bytes of address space, 0 = no
 * limit. It ends with its parent. 0 or −errno. */
int namer_process_start(struct namer_process *p, const struct namer_child *child, uint64_t memory_max, void (*release)(void *ctx), void *ctx);

/* Say something to it, and read what it says, which must be of this type: *ret_payload stays valid while `answer` does. */
enum namer_fate namer_process_send(const struct namer_process *p, const struct wire *question, struct namer_patience *patience);
enum namer_fate namer_process_receive(const struct namer_process *p, enum namer_type type, struct wire *answer, struct wire_reader *ret_payload,
				      struct namer_patience *patience);

/* Has it ended by itself? Does not wait and leaves it to namer_process_end(). */
bool namer_process_ended(const struct namer_process *p);

/* End it, if it has not, and collect it. Returns its wait status. */
int namer_process_end(struct namer_process *p);

#endif
