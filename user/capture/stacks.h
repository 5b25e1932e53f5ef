/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stacks of one request as addresses, found by the id that later events carry. */
#ifndef REQPROF_STACKS_H
#define REQPROF_STACKS_H

#include <linux/types.h>
#include <stdbool.h>
#include <uthash.h>

#include "profile/profile.h"
#include "reqprof.h"
#include "capture/names.h"

#define STACK_NOT_NAMED (-2)

struct raw_stack {
	UT_hash_handle hh;
	uint64_t id;
	int pid;
	uint64_t t;             /* when it was first seen */
	int32_t index;          /* in the profile, −1 = no frame, or STACK_NOT_NAMED; of others: in the one for theirs */
	uint16_t flags;         /* RP_STACK_* */
	uint16_t n_kernel, n_user, n_python;
	bool used;              /* some record names it */
	bool inexact;           /* its native and Python frames do not agree; once it is named */
	struct python_frame *python; /* behind the addresses */
	uint64_t addresses[];
};

/* `stacks` is the head of a uthash table: NULL = empty. */
struct raw_stack *stack_add(struct raw_stack **stacks, const struct rp_stack *e); /* NULL: it was there already */
struct raw_stack *stack_find(struct raw_stack *stacks, uint64_t id); /* NULL = never seen, or id 0 */
void stacks_free(struct raw_stack **stacks);

/* Name it by the mappings of maps_pid, once. A process whose mappings are not known (maps_pid 0) yields no frame: faults->unknown counts. */
void stack_name(struct raw_stack *stack, struct namer *namer, struct profile *p, int maps_pid, struct name_faults *faults);

#endif
