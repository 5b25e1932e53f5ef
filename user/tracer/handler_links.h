/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The uprobes of a handler in a process: which program goes where. */
#ifndef REQPROF_HANDLER_LINKS_H
#define REQPROF_HANDLER_LINKS_H

#include <linux/types.h>

#include "base/protocol.h"
#include "reqprof.h"
#include "tracer/links.h"

struct handler_programs {
	struct bpf_program *entry, *on_return, *end;
	struct bpf_program *turn; /* both sides of a turn; NULL: the kernel has no uprobe sessions (before 6.13), it takes these: */
	struct bpf_program *turn_entry, *turn_return;
	uint32_t attach_type;   /* of all but `turn`: struct uprobes */
	int handlers_fd;        /* the map */
};

/* Different handlers, as the programs know them. */
struct handler_links {
	size_t n;
	struct rp_handler list[RP_MAX_HANDLERS];
};

struct handler_where {
	pid_t pid;
	unsigned int number;    /* for links_close() */
	const char *path;
	const struct msg_place *places;
	size_t n;
};

/* Before the programs are loaded. */
void handler_programs_configure(const struct handler_programs *p, bool wanted);

/* 0; −EPERM (printed): probed returns would end the process. */
int handler_links_allowed(const struct handler_programs *p, pid_t pid, const struct msg_place *places, size_t n);

/* 0 or −errno, −ENOSPC: there are too many different ones. Some links may have been made. */
int handler_links_add(struct handler_links *hl, const struct handler_programs *p, struct links *links, const struct handler_where *where,
		      const struct rp_handler *handler);

#endif
