/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arguments and results of the programs in facts.bpf.c. */
#ifndef FACTS_H
#define FACTS_H

#include "reqprof.h"

/* as in bpf/request.bpf.h */
#ifndef EPOLL_UNKNOWN
#define EPOLL_UNKNOWN 0
#define EPOLL_QUEUED 1
#define EPOLL_TAKEN 2
#endif

struct fact_args {
	__s32 nr, fd, is_event_wait, epoll;
	__u64 args[6];
	__u64 timeout_ns;
};

struct described {
	struct rp_object object;
	__u8 slack[256];
};

#endif
